import type { RefusalCode } from '@runos/agent-protocol';

/** How an agent reacts to a refusal. It never stops, because then a user would have to restart it. */
export type RefusalReaction =
  /** Register again when there is a token that was not rejected; otherwise retry rarely. */
  | 'register-again'
  /** Only a new token, certificate or version helps, so retry rarely. */
  | 'wait-for-change'
  | 'back-off';

const reactions = {
  'certificate-unknown': 'register-again',
  'certificate-revoked': 'register-again',
  'registration-refused': 'wait-for-change',
  'agent-kind-mismatch': 'wait-for-change',
  'request-invalid': 'wait-for-change',
  // Another process uses the same identity. If both redialed at once, each would close the stream of the other.
  'stream-replaced': 'wait-for-change',
  'rate-exceeded': 'back-off',
  'plane-busy': 'back-off',
  'plane-stopping': 'back-off',
} satisfies Record<RefusalCode, RefusalReaction>;

export const reactionTo = (code: RefusalCode | 'unrecognised' | undefined): RefusalReaction =>
  code === undefined || code === 'unrecognised' ? 'back-off' : reactions[code];
