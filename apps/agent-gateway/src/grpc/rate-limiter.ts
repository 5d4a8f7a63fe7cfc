import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface Rate {
  /** This many calls per period are always allowed. */
  readonly calls: number;
  readonly periodSeconds: number;
  /** This many further calls are allowed at once; they become available again after several periods. */
  readonly burst: number;
}

/** A burst is available again after this many times the period in which the steady rate allows as many calls. */
const burstRecovery = 4;

/**
 * Limits calls per key, in the memory of this replica. The limiters compute waiting times by the wall clock, and end their
 * periods by timers. So a step of the clock changes waiting times only, which are never longer than a period.
 */
export class RateLimiter {
  readonly #limiter: BurstyRateLimiter;
  readonly #periodMs: number;

  constructor({ calls, periodSeconds, burst }: Rate) {
    this.#periodMs = periodSeconds * 1_000;
    const burstSeconds = (burst / calls) * periodSeconds * burstRecovery;
    this.#limiter = new BurstyRateLimiter(
      new RateLimiterMemory({ points: calls, duration: periodSeconds }),
      new RateLimiterMemory({ points: burst, duration: burstSeconds, keyPrefix: 'burst' }),
    );
  }

  /** Counts a call, or so many. Resolves to 0 when it is within the limit, otherwise to the milliseconds until the next one may be. */
  async retryAfterMs(key: string, calls = 1): Promise<number> {
    try {
      await this.#limiter.consume(key, calls);
      return 0;
    } catch (rejection) {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      return Math.min(this.#periodMs, Math.max(1, rejection.msBeforeNext));
    }
  }

  /** Counts a call and resolves to whether it is within the limit. */
  async allows(key: string): Promise<boolean> {
    return (await this.retryAfterMs(key)) === 0;
  }
}
