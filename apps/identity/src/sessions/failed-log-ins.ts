import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { IdentityConfig } from '../config.js';
import { FailedLogInRepository, failureWindowMinutes } from './failed-log-in-repository.js';

/** Limits failed log-ins. They are counted in the database, so that the limit holds across replicas. */
@Injectable()
export class FailedLogIns {
  constructor(
    private readonly database: Database,
    private readonly failures: FailedLogInRepository,
    @InjectConfig() private readonly config: IdentityConfig,
  ) {}

  /** Checks the limit before the expensive password check. @throws Fault `limit.exceeded` with `retryAfterSeconds` */
  async check(email: string, address: string): Promise<void> {
    await this.#checkLimit(this.database.manager, email, address);
  }

  /**
   * Records the result of an attempt. Attempts for one e-mail address from one network address are serialized. At the
   * limit even the right password is rejected, so concurrent guesses reveal no more results than the limit allows.
   * @throws Fault `limit.exceeded`
   */
  async record(email: string, address: string, succeeded: boolean): Promise<void> {
    await this.database.transaction(async (manager) => {
      await this.failures.lockAttempts(manager, email, address);
      await this.#checkLimit(manager, email, address);
      await (succeeded ? this.failures.clear(manager, email, address) : this.failures.add(manager, email, address));
    });
    if (!succeeded) await this.failures.deleteExpired(this.database.manager);
  }

  async #checkLimit(manager: EntityManager, email: string, address: string): Promise<void> {
    const { count, retryAfter } = await this.failures.count(manager, email, address);
    const value = this.config.maxFailedLogIns;
    if (count < value) return;
    const retryAfterSeconds = Math.max(1, retryAfter);
    throw new Fault(
      'limit.exceeded',
      `${count} log-ins failed in ${failureWindowMinutes} minutes; at most ${value} are allowed. Try again in ${retryAfterSeconds} s.`,
      { limit: 'failedLogIns', value, retryAfterSeconds },
    );
  }
}
