import { describe, expect, it } from '@jest/globals';
import { contractingStatements } from './check-migrations.js';

describe('contracting statements', () => {
  it.each([
    ['DROP TABLE job', 'removes an object'],
    ['alter table job\n drop column updated_at', 'removes a column'],
    ['ALTER TABLE job ADD a int, DROP updated_at', 'removes a column'],
    ['ALTER TABLE job RENAME updated_at TO reported_at', 'renames an object'],
    ['ALTER TABLE job RENAME TO task', 'renames an object'],
    ['ALTER TABLE job ALTER COLUMN seq TYPE int', 'changes a type'],
    ['ALTER TABLE job ALTER seq SET DATA TYPE numeric(3, 1)', 'changes a type'],
    ['ALTER TABLE job ALTER cid SET NOT NULL', 'rejects rows that the previous version may write'],
    ['ALTER TABLE job ADD colour text NOT NULL', 'rejects every row'],
    [`ALTER TABLE job ADD CONSTRAINT few CHECK (seq < 9)`, 'rejects rows that the previous version may write'],
    ['ALTER TABLE job ADD no bigint GENERATED ALWAYS AS IDENTITY', 'rewrites the table'],
    ['ALTER TABLE job ADD mark uuid NOT NULL DEFAULT gen_random_uuid()', 'rewrites the table'],
    ['ALTER TABLE job ADD owner text REFERENCES person', 'scans the whole table'],
    ['CREATE INDEX job_cid ON job (cid)', 'blocks writers'],
    ['CREATE UNIQUE INDEX job_cid ON job(cid)', 'blocks writers'],
    ['ALTER TABLE job ADD mark text DEFAULT lower(gen_random_uuid()::text)', 'rewrites the table'],
    ['TRUNCATE job', 'removes an object'],
    ['LOCK TABLE job', 'blocks everything'],
    [`SELECT 1; -- a remark\nDROP TRIGGER written ON job`, 'removes an object'],
  ])('include %s', async (statement, effect) => {
    expect(await contractingStatements([statement])).toEqual([expect.stringContaining(effect)]);
  });

  it.each([
    'ALTER TABLE job ADD colour text',
    `ALTER TABLE job ADD check_at timestamptz DEFAULT now(), ADD colour text NOT NULL DEFAULT 'it''s; red'`,
    'ALTER TABLE job ALTER cid DROP NOT NULL, ALTER cid DROP DEFAULT, DROP CONSTRAINT few',
    'CREATE INDEX CONCURRENTLY job_cid ON job (cid)',
    'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DROP TABLE job; END $$',
    'DROP INDEX job_cid',
    '/* DROP TABLE job */ SELECT 1',
  ])('do not include %s', async (statement) => {
    expect(await contractingStatements([statement])).toEqual([]);
  });

  it('do not include statements on tables that the migration creates', async () => {
    const created = [
      'CREATE TABLE job (id int)',
      'CREATE INDEX job_id ON job (id)',
      'ALTER TABLE job ADD x int NOT NULL',
    ];
    expect(await contractingStatements(created)).toEqual([]);
    expect(await contractingStatements([...created, 'CREATE INDEX log_id ON job_log (id)'])).toHaveLength(1);
  });

  it('rejects a statement that is not SQL', async () => {
    await expect(contractingStatements(['ALTER TABLE job ADD'])).rejects.toThrow('syntax error');
  });
});
