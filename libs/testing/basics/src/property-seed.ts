import { randomInt } from 'node:crypto';

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
