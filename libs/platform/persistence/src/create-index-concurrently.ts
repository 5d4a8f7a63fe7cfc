import type { QueryRunner } from 'typeorm';

/**
 * Makes an index while others write: `definition` is what follows its name, as in `ON instance (osid)`. Belongs into a
 * migration of its own with `transaction = false`. One that an earlier try left half-built is made anew.
 */
export async function createIndexConcurrently(runner: QueryRunner, name: string, definition: string): Promise<void> {
  const halfBuilt = 'SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid';
  // It waits for writers and lets others pass meanwhile: there is no hurry.
  await runner.query('SET lock_timeout = 0');
  try {
    const [left] = (await runner.query(halfBuilt, [name])) as unknown[];
    if (left !== undefined) await runner.query(`DROP INDEX CONCURRENTLY ${name}`);
    await runner.query(`CREATE INDEX CONCURRENTLY IF NOT EXISTS ${name} ${definition}`);
  } finally {
    await runner.query('RESET lock_timeout');
  }
}
