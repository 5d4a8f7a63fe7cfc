import { type Redact, redactSecrets } from '../secrets/redact-secrets.js';
import type { Instance } from './instance.js';

/**
 * By the packed objects of a bundle. An entry is collected with its bundle, so the values of a revision are in memory no
 * longer than its objects.
 */
const redactions = new WeakMap<Buffer, Redact>();

function unpackRedaction(instance: Instance): Redact {
  const redact = redactSecrets([...instance.desiredObjects().values(), ...instance.earlier.list()]);
  redactions.set(instance.record.objectsGz, redact);
  return redact;
}

/**
 * Removes the values of the Secrets of an instance from the words of others, those of the bundles before included. A log
 * may quote what was desired before the agent started, and no longer is: such values are not known. The objects are
 * unpacked for the first text of a revision only: in an outage, every apply fails and each failure is redacted.
 */
export const redactionOf =
  (instance: Instance): Redact =>
  (text) =>
    (redactions.get(instance.record.objectsGz) ?? unpackRedaction(instance))(text);
