import { Injectable } from '@nestjs/common';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** Failures older than this do not count against the limit. */
export const failureWindowMinutes = 15;

interface FailureCount {
  readonly count: number;
  /** Seconds until the oldest failure leaves the window. */
  readonly retryAfter: number;
}

/** Failed log-ins by e-mail address, in any case of its letters, and network address. */
@Injectable()
export class FailedLogInRepository {
  /** Serializes the attempts for one e-mail address from one network address until the transaction ends. */
  async lockAttempts(manager: EntityManager, email: string, address: string): Promise<void> {
    await runSql(manager, 'SELECT pg_advisory_xact_lock(hashtextextended(lower($1), hashtext($2)))', [email, address]);
  }

  /** Counts the failures within the window. */
  async count(manager: EntityManager, email: string, address: string): Promise<FailureCount> {
    const [found] = await runSql<FailureCount>(
      manager,
      `SELECT count(*)::int AS count,
              ceil(extract(epoch FROM min(failed_at) + make_interval(mins => $3) - now()))::int AS "retryAfter"
         FROM failed_log_in WHERE email = lower($1) AND address = $2 AND failed_at > now() - make_interval(mins => $3)`,
      [email, address, failureWindowMinutes],
    );
    return found ?? { count: 0, retryAfter: 0 };
  }

  async add(manager: EntityManager, email: string, address: string): Promise<void> {
    await runSql(manager, 'INSERT INTO failed_log_in (email, address) VALUES (lower($1), $2)', [email, address]);
  }

  /** Deletes the failures of one e-mail address from one network address. */
  async clear(manager: EntityManager, email: string, address: string): Promise<void> {
    await runSql(manager, 'DELETE FROM failed_log_in WHERE email = lower($1) AND address = $2', [email, address]);
  }

  /** Deletes failures of all users outside the window; other replicas may do the same concurrently. */
  async deleteExpired(manager: EntityManager): Promise<void> {
    await runSql(
      manager,
      `DELETE FROM failed_log_in WHERE id IN (
         SELECT id FROM failed_log_in WHERE failed_at <= now() - make_interval(mins => $1) LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      [failureWindowMinutes],
    );
  }
}
