import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { misnamedRows, misplacedSql } from './sql-placement.js';
import { sourceFiles } from './source-files.js';

const files = sourceFiles(resolve(import.meta.dirname, '../../..'));

describe('SQL', () => {
  const text = `
    // SELECT 1
    export class JobRepository { find = () => this.database.query('select id from job'); }
    export const fragment = \`ended AS (UPDATE job j SET state = \${state})\`;
    const lock = runSql(sql, "SELECT pg_advisory_xact_lock(1)");
    const one = { query: request.query, text: 'Select a type, then update it' };
    const all = repository.createQueryBuilder();`;

  it('is found as text, as a part of a statement and as a call, outside of repositories', () => {
    expect(misplacedSql({ name: 'apps/x/src/jobs/jobs.ts', text })).toEqual([
      'apps/x/src/jobs/jobs.ts:3: query',
      'apps/x/src/jobs/jobs.ts:3: select id from job',
      'apps/x/src/jobs/jobs.ts:4: ended AS (UPDATE job j SET state = ?)',
      'apps/x/src/jobs/jobs.ts:5: runSql',
      'apps/x/src/jobs/jobs.ts:5: SELECT pg_advisory_xact_lock(1)',
      'apps/x/src/jobs/jobs.ts:7: createQueryBuilder',
    ]);
  });

  it('may stand in a repository that is named as its file, in a migration, in a rule of retention and in a spec', () => {
    const legal = [
      'jobs/job-repository.ts',
      'schema/migrations/0001-create-schema.ts',
      'schema/retention-rules.ts',
      'jobs/jobs.spec.ts',
    ];
    expect(legal.flatMap((name) => misplacedSql({ name: `apps/x/src/${name}`, text }))).toEqual([]);
    expect(misplacedSql({ name: 'apps/x/src/jobs/other-repository.ts', text })).toHaveLength(6);
  });

  it('of this repository stands in its places', () => {
    expect(files.flatMap(misplacedSql)).toEqual([]);
    expect(files.filter(({ name }) => name.endsWith('-repository.ts')).length).toBeGreaterThan(20);
  });
});

describe('rows and repositories', () => {
  it('have the names of columns and files', () => {
    const text = `
      interface JobRow { job_id: string; workItems: string[]; objects: { osidOf: string } }
      class JobRepository { find(): { job_id: string } {} }
      type Listed = Pick<JobRow, 'job_id'> & { class_id: string };
      interface Job { readonly jobId: string }`;
    expect(misnamedRows({ name: 'apps/x/src/jobs/jobs.ts', text })).toEqual([
      'apps/x/src/jobs/jobs.ts:2: JobRow.workItems',
      'apps/x/src/jobs/jobs.ts:3: JobRepository',
      'apps/x/src/jobs/jobs.ts:4: Listed.class_id',
    ]);
    expect(files.flatMap(misnamedRows)).toEqual([]);
  });
});
