import type { EntityManager } from 'typeorm';
import { runSql } from './run-sql.js';

/** The database's time, which all replicas share; their own clocks may differ by a minute. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const [row] = await runSql<{ now: Date }>(manager, 'SELECT now() AS now');
  if (row === undefined) throw new Error('SELECT now() returned no row');
  return row.now;
}
