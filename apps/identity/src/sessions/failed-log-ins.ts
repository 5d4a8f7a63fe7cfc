import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { IdentitySettings } from '../identity-settings.js';

/** Failures older than this are forgotten. */
const windowMinutes = 15;

interface Count {
  readonly count: number;
  /** Seconds until the oldest of them is forgotten. */
  readonly wait: number;
}

/** Counts failed log-ins where all replicas see them. */
@Injectable()
export class FailedLogIns {
  constructor(
    private readonly database: Database,
    private readonly settings: IdentitySettings,
  ) {}

  /** Refuses before any work is done. @throws Fault `limit.exceeded` with the time until the next try */
  async check(email: string, address: string): Promise<void> {
    await this.#refuse(this.database.manager, email, address);
  }

  /**
   * Notes how a try ended. Tries of one person from one address are settled one after the other, and those that find
   * the limit reached are refused, right or wrong: however many guess at the same time, no more than that learn anything.
   * @throws Fault `limit.exceeded`
   */
  async settle(email: string, address: string, right: boolean): Promise<void> {
    await this.database.transaction(async (manager) => {
      await runSql(manager, 'SELECT pg_advisory_xact_lock(hashtextextended(lower($1), hashtext($2)))', [
        email,
        address,
      ]);
      await this.#refuse(manager, email, address);
      const text = right
        ? 'DELETE FROM failed_log_in WHERE email = lower($1) AND address = $2'
        : 'INSERT INTO failed_log_in (email, address) VALUES (lower($1), $2)';
      await runSql(manager, text, [email, address]);
    });
    if (!right) await this.#forgetOld();
  }

  async #refuse(manager: EntityManager, email: string, address: string): Promise<void> {
    const [{ count, wait } = { count: 0, wait: 0 }] = await runSql<Count>(
      manager,
      `SELECT count(*)::int AS count,
              ceil(extract(epoch FROM min(at) + make_interval(mins => $3) - now()))::int AS wait
         FROM failed_log_in WHERE email = lower($1) AND address = $2 AND at > now() - make_interval(mins => $3)`,
      [email, address, windowMinutes],
    );
    const value = this.settings.maxFailedLogIns;
    if (count < value) return;
    const retryAfterSeconds = Math.max(1, wait);
    throw new Fault(
      'limit.exceeded',
      `${count} log-ins failed in ${windowMinutes} minutes; at most ${value} may. Try again in ${retryAfterSeconds} s.`,
      { limit: 'failedLogIns', value, retryAfterSeconds },
    );
  }

  /** What has become too old to count, of anybody; another replica may be doing the same. */
  async #forgetOld(): Promise<void> {
    await this.database.query(
      `DELETE FROM failed_log_in WHERE id IN (
         SELECT id FROM failed_log_in WHERE at <= now() - make_interval(mins => $1) LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      [windowMinutes],
    );
  }
}
