import { randomInt } from 'node:crypto';
import type { Random } from '@runos/kernel';

/** The same bytes for the same seed (mulberry32). Not for secrets. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed >>> 0;
  }

  /** The next bytes of the sequence. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() >>> 24);
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

/** Largest seed that fast-check and SeededRandom take without loss: 32 bits. */
const seedLimit = 2 ** 31;

/** The default is fixed, so that `npm test` gives the same result every time. */
const defaultSeed = 1;

let seed: number | undefined;

/**
 * The seed of property tests. `RUNOS_TEST_SEED` selects another one: a number repeats a run, `random` picks a seed and
 * prints it to standard error, as long runs do.
 */
export function propertySeed(environment: NodeJS.ProcessEnv = process.env): number {
  seed ??= seedFrom(environment['RUNOS_TEST_SEED'] ?? '');
  return seed;
}

/** @throws Error if the text is neither empty, `random` nor a whole number. */
export function seedFrom(text: string): number {
  if (text === '') return defaultSeed;
  if (text !== 'random') {
    const number = Number(text);
    if (Number.isSafeInteger(number)) return number;
    throw new Error(`RUNOS_TEST_SEED is "${text}": set it to a whole number or to "random".`);
  }
  const picked = randomInt(seedLimit);
  process.stderr.write(`property tests: RUNOS_TEST_SEED=${picked}\n`);
  return picked;
}
