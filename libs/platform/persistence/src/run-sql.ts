import type { EntityManager } from 'typeorm';

/** Rows of one statement, as PostgreSQL names their columns; of UPDATE and DELETE those it returns. */
export async function runSql<Row>(
  manager: EntityManager,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await manager.query<unknown[]>(text, [...values]);
  // TypeORM answers UPDATE and DELETE with [rows, count], everything else with rows.
  const [rows, count] = result;
  return (Array.isArray(rows) && typeof count === 'number' ? rows : result) as Row[];
}
