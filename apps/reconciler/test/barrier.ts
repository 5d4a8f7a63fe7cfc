import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, runSql } from '@runos/persistence';
import { countWaiting } from './opposite-locks.js';

/** A barrier in the database: statements that need the lock wait until it is opened. */
export interface Barrier {
  /**
   * Resolves when this many transactions wait for a lock, or when `done` settles.
   * @throws Error when there are fewer at the time at which the barrier opens by itself
   */
  untilWaiting(count: number, done?: Promise<unknown>): Promise<void>;
  open(): Promise<void>;
}

/** Time between two looks at the waiting transactions, seconds. */
const pollSeconds = 0.01;
/** A spec that fails before it opens its barrier must end all the same, ms. Transactions reach a barrier in milliseconds. */
const defaultMaxClosedMs = 60_000;

interface BarrierOptions {
  /** The barrier opens by itself after this time, ms. Default: one minute. */
  readonly maxClosedMs?: number;
}

/** Makes every write to a table wait; reads go on. */
export const closeBarrier = (database: Database, table: string, options?: BarrierOptions): Promise<Barrier> =>
  lock(database, options, `LOCK TABLE ${table} IN SHARE MODE`);

/** Makes every statement wait that locks a row of the cluster or of its instances. */
export const lockCluster = (database: Database, cid: string, options?: BarrierOptions): Promise<Barrier> =>
  lock(
    database,
    options,
    `SELECT 1 FROM cluster c LEFT JOIN LATERAL
       (SELECT 1 FROM instance WHERE cluster_id = c.id FOR UPDATE) i ON true
     WHERE c.cid = $1 FOR UPDATE OF c`,
    [cid],
  );

async function lock(
  database: Database,
  { maxClosedMs = defaultMaxClosedMs }: BarrierOptions = {},
  statement: string,
  values: readonly unknown[] = [],
): Promise<Barrier> {
  const opened = new AbortController();
  const opensAt = performance.now() + maxClosedMs;
  let holding: Promise<void> | undefined;
  await new Promise<void>((resolve, reject) => {
    holding = database.transaction(async (sql) => {
      await runSql(sql, statement, values);
      resolve();
      await sleep(maxClosedMs, undefined, opened).catch(() => undefined); // aborted by `open`
    });
    holding.catch(reject);
  });
  return {
    untilWaiting: async (count, done) => {
      let isDone = false;
      void done?.finally(() => (isDone = true)).catch(() => undefined);
      for (;;) {
        const waiting = await countWaiting(database);
        if (isDone || waiting >= count) return;
        if (performance.now() > opensAt) throw new Error(`${waiting} of ${count} transactions wait for the barrier`);
        await database.query('SELECT pg_sleep($1)', [pollSeconds]);
      }
    },
    open: async () => {
      opened.abort();
      await holding;
    },
  };
}
