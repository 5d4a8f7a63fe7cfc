import type { Refusal } from '@runos/agent-protocol';

/** A call that is turned away, with a word its caller can act on. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly refusal: Refusal,
    details: string,
  ) {
    super(details);
  }
}
