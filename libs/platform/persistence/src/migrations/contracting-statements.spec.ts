import { describe, expect, it } from '@jest/globals';
import { contractingStatements } from './contracting-statements.js';

describe('contracting statements', () => {
  it.each([
    ['DROP TABLE job', 'drops an object in use'],
    ['alter table job\n drop column updated_at', 'drops a column'],
    ['ALTER TABLE job ADD a int, DROP updated_at', 'drops a column'],
    ['ALTER TABLE job RENAME updated_at TO reported_at', 'renames what'],
    ['ALTER TABLE job RENAME TO task', 'renames what'],
    ['ALTER TABLE job ALTER COLUMN seq TYPE int', 'changes the type that the previous version reads'],
    ['ALTER TABLE job ALTER seq SET DATA TYPE numeric(3, 1)', 'changes the type that the previous version reads'],
    ['ALTER TABLE job ALTER cid SET NOT NULL', 'rejects what the previous version may write'],
    ['ALTER TABLE job ADD colour text NOT NULL', 'rejects every row'],
    [`ALTER TABLE job ADD CONSTRAINT few CHECK (seq < 9)`, 'rejects what the previous version may write'],
    ['ALTER TABLE job ADD no bigint GENERATED ALWAYS AS IDENTITY', 'rewrites the table'],
    ['ALTER TABLE job ADD mark uuid NOT NULL DEFAULT gen_random_uuid()', 'rewrites the table'],
    ['ALTER TABLE job ADD owner text REFERENCES person', 'scans the whole table'],
    ['CREATE INDEX job_cid ON job (cid)', 'blocks writers'],
    ['CREATE UNIQUE INDEX job_cid ON job(cid)', 'blocks writers'],
    [`SELECT 1; -- a remark\nDROP TRIGGER written ON job`, 'drops an object in use'],
  ])('are reported: %s', (statement, reason) => {
    expect(contractingStatements([statement])).toEqual([expect.stringContaining(reason)]);
  });

  it.each([
    'ALTER TABLE job ADD colour text',
    `ALTER TABLE job ADD check_at timestamptz DEFAULT now(), ADD colour text NOT NULL DEFAULT 'it''s; red'`,
    'ALTER TABLE job ALTER cid DROP NOT NULL, ALTER cid DROP DEFAULT, DROP CONSTRAINT few',
    'CREATE INDEX CONCURRENTLY job_cid ON job (cid)',
    'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DROP TABLE job; END $$',
    'DROP INDEX job_cid',
    '/* DROP TABLE job */ SELECT 1',
  ])('are not: %s', (statement) => {
    expect(contractingStatements([statement])).toEqual([]);
  });

  it('are free where the migration made the table itself', () => {
    const made = ['CREATE TABLE job (id int)', 'CREATE INDEX job_id ON job (id)', 'ALTER TABLE job ADD x int NOT NULL'];
    expect(contractingStatements(made)).toEqual([]);
    expect(contractingStatements([...made, 'CREATE INDEX log_id ON job_log (id)'])).toHaveLength(1);
  });
});
