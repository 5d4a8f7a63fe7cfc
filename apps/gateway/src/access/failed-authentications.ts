import { Injectable } from '@nestjs/common';
import { Fault, faultOf } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import type { GatewayConfig } from '../config.js';
import { minuteLimit, retryAfterSeconds } from './minute-limit.js';

const limit = 'failedAuthenticationsPerMinute';

/** Attempts of one network. */
interface Attempts {
  /** Those that run, wait or are being checked. */
  present: number;
  running: number;
  /** Attempts that wait because those which run may spend the budget; each is called to check again. */
  readonly waiting: (() => void)[];
}

/**
 * A budget of failed attempts per minute and client network, which is checked before identity is called. Attempts that run
 * and failures together never exceed it, so that concurrent guesses reveal no more than sequential ones. Attempts that
 * succeed cost nothing: they wait for each other at most.
 */
@Injectable()
export class FailedAuthentications {
  readonly #failures: RateLimiterMemory | undefined;
  readonly #attempts = new Map<string, Attempts>();

  constructor(@InjectConfig() private readonly config: GatewayConfig) {
    this.#failures = minuteLimit(config[limit]);
  }

  /**
   * Runs `work` and counts its failure. Tokens and passwords have separate budgets.
   * @throws Fault `limit.exceeded` when the budget is spent; what `work` throws
   */
  async attempt<T>(credential: 'token' | 'password', network: string, work: () => Promise<T>): Promise<T> {
    if (this.#failures === undefined) return work();
    const key = `${credential} ${network}`;
    const attempts = this.#attempts.get(key) ?? { present: 0, running: 0, waiting: [] };
    this.#attempts.set(key, attempts);
    attempts.present += 1;
    try {
      await this.#admit(this.#failures, key, attempts);
      try {
        return await work();
      } catch (error) {
        if (isRefusal(error)) await this.#failures.penalty(key);
        throw error;
      } finally {
        attempts.running -= 1;
      }
    } finally {
      attempts.present -= 1;
      if (attempts.present === 0) this.#attempts.delete(key);
      attempts.waiting.shift()?.();
    }
  }

  async #admit(failures: RateLimiterMemory, key: string, attempts: Attempts): Promise<void> {
    const value = this.config[limit];
    for (;;) {
      const { consumedPoints, msBeforeNext } = (await failures.get(key)) ?? { consumedPoints: 0, msBeforeNext: 0 };
      if (consumedPoints >= value) throw exceeded(value, retryAfterSeconds({ msBeforeNext }));
      if (attempts.running + consumedPoints < value) break;
      await new Promise<void>((resolve) => attempts.waiting.push(resolve));
    }
    attempts.running += 1;
    // The failures may have expired meanwhile, which leaves room for more than one.
    attempts.waiting.shift()?.();
  }
}

/** Identity refused the credential. An outage is no refusal. */
const isRefusal = (error: unknown): boolean => {
  const code = faultOf(error)?.code;
  return code === 'limit.exceeded' || code?.startsWith('auth.') === true;
};

const exceeded = (value: number, seconds: number): Fault =>
  new Fault(
    'limit.exceeded',
    `More than ${value} authentications from this address failed in a minute; retry in ${seconds} s.`,
    { limit, value, retryAfterSeconds: seconds },
  );
