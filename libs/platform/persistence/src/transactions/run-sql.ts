import type { EntityManager } from 'typeorm';

/** The rows of one statement with PostgreSQL's column names; for UPDATE and DELETE the RETURNING rows. */
export async function runSql<Row>(
  manager: EntityManager,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await manager.query<unknown[]>(text, [...values]);
  // TypeORM returns [rows, count] for UPDATE and DELETE, else rows.
  const [rows, count] = result;
  return (Array.isArray(rows) && typeof count === 'number' ? rows : result) as Row[];
}

/** The database's time, which all replicas share; their own clocks may differ by a minute. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const [row] = await runSql<{ now: Date }>(manager, 'SELECT now() AS now');
  if (row === undefined) throw new Error('SELECT now() returned no row');
  return row.now;
}
