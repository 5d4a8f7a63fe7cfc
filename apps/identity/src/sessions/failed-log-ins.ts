import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { IdentityConfig } from '../config.js';

/** Failures older than this do not count against the limit. */
export const failureWindowMinutes = 15;

interface Count {
  readonly count: number;
  /** Seconds until the oldest failure leaves the window. */
  readonly retryAfter: number;
}

/** Counts failed log-ins in the database, so that the limit holds across replicas. */
@Injectable()
export class FailedLogIns {
  constructor(
    private readonly database: Database,
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
      await runSql(manager, 'SELECT pg_advisory_xact_lock(hashtextextended(lower($1), hashtext($2)))', [
        email,
        address,
      ]);
      await this.#checkLimit(manager, email, address);
      const text = succeeded
        ? 'DELETE FROM failed_log_in WHERE email = lower($1) AND address = $2'
        : 'INSERT INTO failed_log_in (email, address) VALUES (lower($1), $2)';
      await runSql(manager, text, [email, address]);
    });
    if (!succeeded) await this.#deleteExpired();
  }

  async #checkLimit(manager: EntityManager, email: string, address: string): Promise<void> {
    const [{ count, retryAfter } = { count: 0, retryAfter: 0 }] = await runSql<Count>(
      manager,
      `SELECT count(*)::int AS count,
              ceil(extract(epoch FROM min(failed_at) + make_interval(mins => $3) - now()))::int AS "retryAfter"
         FROM failed_log_in WHERE email = lower($1) AND address = $2 AND failed_at > now() - make_interval(mins => $3)`,
      [email, address, failureWindowMinutes],
    );
    const value = this.config.maxFailedLogIns;
    if (count < value) return;
    const retryAfterSeconds = Math.max(1, retryAfter);
    throw new Fault(
      'limit.exceeded',
      `${count} log-ins failed in ${failureWindowMinutes} minutes; at most ${value} are allowed. Try again in ${retryAfterSeconds} s.`,
      { limit: 'failedLogIns', value, retryAfterSeconds },
    );
  }

  /** Deletes failures of all users outside the window; other replicas may do the same concurrently. */
  async #deleteExpired(): Promise<void> {
    await this.database.query(
      `DELETE FROM failed_log_in WHERE id IN (
         SELECT id FROM failed_log_in WHERE failed_at <= now() - make_interval(mins => $1) LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      [failureWindowMinutes],
    );
  }
}
