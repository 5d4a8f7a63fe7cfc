import type { Refusal } from '@runos/agent-protocol';

/** What an agent does about a refusal. None of them ends it: an agent that gives up needs a person to come by. */
export type Reaction =
  /** Register again if there is a token that was not refused yet; until then, ask now and then. */
  | 're-enrol'
  /** Trying again at once cannot help: only a new token, certificate or version can. Ask now and then. */
  | 'wait-for-change'
  | 'back-off';

/** The one table from refusals to reactions. */
export const onRefusal = {
  'certificate-unknown': 're-enrol',
  'certificate-revoked': 're-enrol',
  'registration-refused': 'wait-for-change',
  'agent-kind-mismatch': 'wait-for-change',
  'request-invalid': 'wait-for-change',
  // Somebody else uses this identity too: two that fight for it serve nobody.
  'stream-replaced': 'wait-for-change',
  'rate-exceeded': 'back-off',
  'plane-busy': 'back-off',
  'plane-stopping': 'back-off',
} satisfies Record<Refusal, Reaction>;

export const reactionTo = (refusal: Refusal | 'unrecognised' | undefined): Reaction =>
  refusal === undefined || refusal === 'unrecognised' ? 'back-off' : onRefusal[refusal];
