import { type Random, systemRandom } from '@runos/kernel';

/** Milliseconds before the next attempt after `failures` consecutive failures (1 = the first attempt failed). */
export type Backoff = (failures: number) => number;

export interface ExponentialBackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Default 2. */
  readonly factor?: number;
  /** Share of the delay that is random, so that many clients do not retry at the same time. Default 0.5. */
  readonly jitter?: number;
}

/** Grows from `firstMs` to `maxMs`. Jitter only shortens a delay, so no delay exceeds `maxMs`. */
export function exponentialBackoff(options: ExponentialBackoffOptions, random: Random = systemRandom): Backoff {
  const { firstMs, maxMs, factor = 2, jitter = 0.5 } = options;
  return (failures) => {
    const full = Math.min(maxMs, firstMs * factor ** Math.max(0, failures - 1));
    return Math.round(full * (1 - jitter * fraction(random)));
  };
}

/** Returns these delays in order, then repeats the last one. */
export function fixedDelays(delaysMs: readonly number[]): Backoff {
  return (failures) => delaysMs[Math.min(Math.max(0, failures - 1), delaysMs.length - 1)] ?? 0;
}

/** Uniform in [0, 1). */
function fraction(random: Random): number {
  return new DataView(Uint8Array.from(random.bytes(4)).buffer).getUint32(0) / 2 ** 32;
}
