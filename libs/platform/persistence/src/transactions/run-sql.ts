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
