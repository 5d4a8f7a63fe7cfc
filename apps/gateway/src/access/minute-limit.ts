import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

const windowSeconds = 60;

/** Counts per key and minute, in the memory of this replica. Undefined for the limit 0: everything is allowed. */
export const minuteLimit = (points: number): RateLimiterMemory | undefined =>
  points === 0 ? undefined : new RateLimiterMemory({ points, duration: windowSeconds });

/**
 * When the window of a key ends. The limiter computes it by the wall clock and ends it by a timer, so a step back of the
 * clock makes no window longer.
 */
export const retryAfterSeconds = ({ msBeforeNext }: Pick<RateLimiterRes, 'msBeforeNext'>): number =>
  Math.min(windowSeconds, Math.ceil(msBeforeNext / 1_000));
