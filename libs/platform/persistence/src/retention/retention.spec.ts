import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type PersistenceHarness, startHarness } from '../../test/harness.js';
import { type Database, runSql } from '../transactions/database.js';
import { Retention } from './retention.js';
import { expiredRows, type RetentionRule } from './retention-rule.js';

describe('the retention of rows', () => {
  let spec: PersistenceHarness;
  let database: Database;
  beforeAll(async () => {
    spec = await startHarness();
    database = await spec.open('spec:one');
  });
  afterAll(() => spec.stop());
  beforeEach(async () => {
    await database.query('DELETE FROM things');
    await database.query(`INSERT INTO things SELECT 'a', n::text, n FROM generate_series(1, 10) n`);
  });

  const small = (batchSize: number) =>
    expiredRows({ table: 'things', condition: 'item_count < $1', values: [8], batchSize });
  const retention = (...rules: RetentionRule[]) => new Retention({ database, rules, logger: spec.logger });
  const left = async () =>
    (await database.query<{ n: number }>('SELECT item_count AS n FROM things ORDER BY 1')).map(({ n }) => n);

  it('deletes what has expired and nothing else, in batches', async () => {
    const batches: number[] = [];
    const rule = small(3);
    const counted: RetentionRule = {
      ...rule,
      deleteBatch: async (sql, after) => {
        const batch = await rule.deleteBatch(sql, after);
        batches.push(batch.deleted);
        return batch;
      },
    };
    await retention(counted).run();
    expect(await left()).toEqual([8, 9, 10]);
    expect(batches).toEqual([3, 3, 1]);
  });

  it('is the work of one replica at a time', async () => {
    await database.transaction(async (sql) => {
      await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('retention'), hashtext(current_schema()))`);
      await retention(small(3)).run();
      expect(await left()).toHaveLength(10);
    });
    await retention(small(3)).run();
    expect(await left()).toEqual([8, 9, 10]);
  });

  it('reaches every table when replicas run at the same time', async () => {
    const tables = Array.from({ length: 10 }, (_, n) =>
      expiredRows({ table: 'things', condition: 'item_count = $1', values: [n + 1] }),
    );
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([1, 2, 3].map(() => retention(...tables).run()));
      expect(await left()).toEqual([]);
      await database.query(`INSERT INTO things SELECT 'a', n::text, n FROM generate_series(1, 10) n`);
    }
  });

  it('does not wait for rows in use', async () => {
    await database.transaction(async (sql) => {
      await runSql(sql, 'UPDATE things SET item_count = 0 WHERE item_count = 5');
      await retention(small(3)).run();
      expect(await left()).toEqual([5, 8, 9, 10]);
    });
  });

  it('continues with the next table when one fails', async () => {
    await retention(expiredRows({ table: 'absent', condition: 'true' }), small(100)).run();
    expect(await left()).toEqual([8, 9, 10]);
  });

  it('stops without a run', async () => {
    const started = retention(small(3));
    started.start();
    await started.stop();
    expect(await left()).toHaveLength(10);
  });
});
