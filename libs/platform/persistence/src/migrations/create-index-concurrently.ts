import type { QueryRunner } from 'typeorm';

/**
 * Creates an index without blocking writers; `definition` follows its name, as in `ON instance (osid)`. Needs a migration
 * of its own with `transaction = false`. An invalid index of a failed attempt is replaced.
 */
export async function createIndexConcurrently(runner: QueryRunner, name: string, definition: string): Promise<void> {
  const invalidIndex = 'SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid';
  // It waits for writers without blocking them, so it needs no lock timeout.
  await runner.query('SET lock_timeout = 0');
  try {
    const [invalid] = (await runner.query(invalidIndex, [name])) as unknown[];
    if (invalid !== undefined) await runner.query(`DROP INDEX CONCURRENTLY ${name}`);
    await runner.query(`CREATE INDEX CONCURRENTLY IF NOT EXISTS ${name} ${definition}`);
  } finally {
    await runner.query('RESET lock_timeout');
  }
}
