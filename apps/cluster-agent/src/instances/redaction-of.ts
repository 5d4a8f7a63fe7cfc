import { type Redact, redactSecrets } from '../secrets/redact-secrets.js';
import type { Instance } from './instance.js';

/**
 * Removes the values of the Secrets of an instance from the words of others, those of the bundles before included. A log
 * may quote what was desired before the agent started, and no longer is: such values are not known. The objects are
 * unpacked with every call, because the agent holds no values in memory.
 */
export const redactionOf =
  (instance: Instance): Redact =>
  (text) =>
    redactSecrets([...instance.desiredObjects().values(), ...instance.earlier.list()])(text);
