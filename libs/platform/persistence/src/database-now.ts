import type { EntityManager } from 'typeorm';
import { runSql } from './run-sql.js';

/** What time it is for everybody who shares the database: replicas' own clocks may be a minute apart. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const [{ now }] = await runSql<{ now: Date }>(manager, 'SELECT now() AS now');
  return now;
}
