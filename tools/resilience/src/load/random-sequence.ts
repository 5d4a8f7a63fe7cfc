import { createHash } from 'node:crypto';

/** A repeatable random sequence: the same seed gives the same numbers. */
export class RandomSequence {
  #drawn = 0;

  constructor(readonly seed: number) {}

  /** The next whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#drawn += 1;
    return createHash('sha256').update(`${this.seed}/${this.#drawn}`).digest().readUInt32BE() % limit;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}
