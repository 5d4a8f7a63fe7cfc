import { createHash } from 'node:crypto';

/** Chance that can be repeated: the same seed, the same throws. */
export class Dice {
  #thrown = 0;

  constructor(readonly seed: number) {}

  /** A whole number from 0 to `sides` - 1. */
  throw(sides: number): number {
    this.#thrown += 1;
    return createHash('sha256').update(`${this.seed}/${this.#thrown}`).digest().readUInt32BE() % sides;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.throw(choices.length)] as T;
  }
}
