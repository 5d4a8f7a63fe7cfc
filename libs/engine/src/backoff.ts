import { type Random, systemRandom } from '@runos/kernel';

/** Milliseconds to wait before the attempt after `failures` failures in a row (1 = the first one failed). */
export type Backoff = (failures: number) => number;

export interface ExponentialBackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Default 2. */
  readonly factor?: number;
  /** Share of the delay that is random, so that many waiters do not return together. Default 0.5. */
  readonly jitter?: number;
}

/** Grows from `firstMs` to `maxMs`; the random share is taken off, so `maxMs` is never passed. */
export function exponentialBackoff(options: ExponentialBackoffOptions, random: Random = systemRandom): Backoff {
  const { firstMs, maxMs, factor = 2, jitter = 0.5 } = options;
  return (failures) => {
    const full = Math.min(maxMs, firstMs * factor ** Math.max(0, failures - 1));
    return Math.round(full * (1 - jitter * fraction(random)));
  };
}

/** Exactly these delays in this order, then the last one again and again. */
export function fixedDelays(stepsMs: readonly number[]): Backoff {
  return (failures) => stepsMs[Math.min(Math.max(0, failures - 1), stepsMs.length - 1)] ?? 0;
}

/** Uniform in [0, 1). */
function fraction(random: Random): number {
  return new DataView(Uint8Array.from(random.bytes(4)).buffer).getUint32(0) / 2 ** 32;
}
