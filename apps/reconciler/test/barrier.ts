import { type Database, runSql } from '@runos/persistence';

/** A barrier in the database: statements that need the lock wait until it is opened. */
export interface Barrier {
  /** Resolves when this many transactions wait for a lock, or when `done` resolves. */
  untilWaiting(count: number, done?: Promise<unknown>): Promise<void>;
  open(): Promise<void>;
}

/** Time between two looks at the waiting transactions, seconds. */
const pollSeconds = 0.01;

/** Makes every write to a table wait; reads go on. */
export async function closeBarrier(database: Database, table: string): Promise<Barrier> {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let holding: Promise<void> | undefined;
  await new Promise<void>((resolve, reject) => {
    holding = database.transaction(async (sql) => {
      await runSql(sql, `LOCK TABLE ${table} IN SHARE MODE`);
      resolve();
      await opened;
    });
    holding.catch(reject);
  });
  return {
    untilWaiting: async (count, done) => {
      let isDone = false;
      void done?.finally(() => (isDone = true)).catch(() => undefined);
      while (!isDone && (await countWaiting(database)) < count) {
        await database.query('SELECT pg_sleep($1)', [pollSeconds]);
      }
    },
    open: async () => {
      open();
      await holding;
    },
  };
}

async function countWaiting(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row?.count ?? 0;
}
