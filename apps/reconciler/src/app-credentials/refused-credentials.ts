import type { Condition } from '@runos/kernel';
import { createHash } from 'node:crypto';
import type { InstanceEvent } from '../bundle-status/report-events.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { CredentialRefusal } from '../schema/registry-row.js';

const describeRefusal = (message: string): string =>
  `The app keeps its earlier credentials of its links and its registry, because a revision with the new ones was refused: ${message} Correct the app. The control plane retries with each of its changes, and at least every 15 minutes.`;

/** Once for each reason. */
export const credentialsRefusedEvent = (osid: string, { message, since }: CredentialRefusal): InstanceEvent => ({
  key: createHash('sha256').update(['credentials-refused', osid, since].join('\n')).digest('base64url'),
  at: since,
  type: 'CredentialsRefused',
  object: null,
  fields: [],
  manager: null,
  message: describeRefusal(message),
});

/** Present while an app is refused with its new credentials. */
export function credentialsCondition({
  credential_refusal: refusal,
  generation,
}: Pick<InstanceRow, 'credential_refusal' | 'generation'>): readonly Condition[] {
  if (refusal === null) return [];
  return [
    {
      type: 'CredentialsApplied',
      status: 'False',
      reason: 'Refused',
      message: describeRefusal(refusal.message),
      observedGeneration: generation,
      since: new Date(refusal.since).toISOString(),
    },
  ];
}
