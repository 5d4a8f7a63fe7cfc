import { type Database, runSql } from '@runos/persistence';
import { waitUntil } from '@runos/testing-process';
import type { EntityManager } from 'typeorm';

type Statement = (sql: EntityManager) => Promise<unknown>;

/**
 * Runs two transactions that lock the same rows. The first one waits for a row that this function holds, the second one
 * behind it. If they lock the rows in different orders, this ends in a deadlock for one of the rows of `held`.
 * @throws the errors of the transactions, which are not retried
 */
export async function lockTogether(
  database: Database,
  held: readonly string[],
  first: Statement,
  second: Statement,
): Promise<void> {
  for (const rows of held) {
    const running: Promise<unknown>[] = [];
    let ended = 0;
    const start = (work: Statement): void => {
      const done = database.transaction(work, { retries: 0 }).finally(() => (ended += 1));
      done.catch(() => undefined); // thrown below
      running.push(done);
    };
    const waiting = (count: number): Promise<void> =>
      waitUntil(async () => ended + (await countWaiting(database)) >= count, {
        everyMs: 10,
        because: () => `fewer than ${count} transactions wait`,
      });
    await database.transaction(async (sql) => {
      await runSql(sql, `SELECT 1 FROM ${rows} FOR NO KEY UPDATE`);
      start(first);
      await waiting(1);
      start(second);
      await waiting(2);
    });
    await Promise.all(running);
  }
}

/** How many transactions wait for a lock. */
export async function countWaiting(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row?.count ?? 0;
}
