import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { Database } from '@runos/persistence';
import { IdentitySettings } from '../identity-settings.js';

/** Failures older than this are forgotten. */
const windowMinutes = 15;

/** Counts failed log-ins where all replicas see them. */
@Injectable()
export class FailedLogIns {
  constructor(
    private readonly database: Database,
    private readonly settings: IdentitySettings,
  ) {}

  /** @throws Fault `limit.exceeded` with the time until the next try */
  async check(email: string, address: string): Promise<void> {
    const [{ count = 0, wait = 0 } = {}] = await this.database.query<{ count: number; wait: number }>(
      `SELECT count(*)::int AS count,
              ceil(extract(epoch FROM min(at) + make_interval(mins => $3) - now()))::int AS wait
         FROM failed_log_in WHERE email = lower($1) AND address = $2 AND at > now() - make_interval(mins => $3)`,
      [email, address, windowMinutes],
    );
    const limit = this.settings.maxFailedLogIns;
    if (count < limit) return;
    throw new Fault(
      'limit.exceeded',
      `${count} log-ins failed in ${windowMinutes} minutes; at most ${limit} may. Try again in ${wait} s.`,
      { limit, value: count, retryAfterSeconds: Math.max(1, wait) },
    );
  }

  /** Also clears what has become too old to count, of anybody. */
  async add(email: string, address: string): Promise<void> {
    await this.database.query('INSERT INTO failed_log_in (email, address) VALUES (lower($1), $2)', [email, address]);
    await this.database.query('DELETE FROM failed_log_in WHERE at <= now() - make_interval(mins => $1)', [
      windowMinutes,
    ]);
  }

  async forget(email: string, address: string): Promise<void> {
    await this.database.query('DELETE FROM failed_log_in WHERE email = lower($1) AND address = $2', [email, address]);
  }
}
