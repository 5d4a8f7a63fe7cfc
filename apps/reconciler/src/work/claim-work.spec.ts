import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type TestDatabase, testDatabase } from '../../test/test-database.js';
import { type Claim, claimWork, nextDueInMs } from './claim-work.js';
import { finishWork, holdLane } from './finish-work.js';
import { redeliver, wakeCluster } from './wake-work.js';

describe('claiming work', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await testDatabase();
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    for (const table of ['instance', 'cluster']) await test.database.query(`DELETE FROM ${table}`);
  });

  /** A cluster with so many instances, all due. */
  async function cluster(cid: string, size: number, present = true): Promise<number> {
    const [{ id }] = await test.database.query<{ id: number }>(
      `INSERT INTO cluster (aid, cid, name, root, is_default, changed_by, present)
       VALUES ('aaaaa', $1, $1, 'example.com', false, 'spec', $2) RETURNING id`,
      [cid, present],
    );
    await test.database.query(
      `WITH made AS (
         INSERT INTO instance (aid, cluster_id, iid, type, osid, name, generation, revision, changed_by, secrets_sealed)
         SELECT 'aaaaa', $1, $2 || n, 'valkey', 'valkey-' || $2 || n, 'x', 1, 1, 'spec', ''
         FROM generate_series(1, $3::int) n RETURNING id)
       INSERT INTO work (id, cluster_id, due_at, revision) SELECT id, $1, now() - interval '1 second', 1 FROM made`,
      [id, cid, size],
    );
    return id;
  }
  const claim = (over = {}) =>
    claimWork(test.database.manager, { worker: 'w', leaseMs: 30_000, laneCap: 4, limit: 16, ...over });
  const finish = async (claimed: Claim, over = {}) => {
    const ended = { claim: claimed, failures: 0, delivered: claimed.revision, ...over };
    const [finished] = await test.database.transaction((sql) => finishWork(sql, [ended]));
    return finished;
  };

  it('serves clusters in turn, so that a slow one starves nobody', async () => {
    const slow = await cluster('slow', 500);
    const others = await Promise.all(['c01', 'c02', 'c03'].map((cid) => cluster(cid, 3)));
    const served = [];
    for (let turn = 0; turn < 4; turn += 1) served.push((await claim())[0].clusterId);
    expect(served.sort()).toEqual([slow, ...others].sort());
    // The slow one's lane is full: what it has in hand is not finished.
    expect((await claim({ limit: 16 })).length).toBe(0);
  });

  it('leaves alone clusters whose agent is away, and what is held back', async () => {
    await cluster('gone', 3, false);
    const here = await cluster('here', 1);
    await holdLane(test.database.manager, { cluster_id: here, session_no: 0 }, 60_000);
    expect(await claim()).toEqual([]);
    expect(await nextDueInMs(test.database.manager)).toBeGreaterThan(50_000);
    await test.database.query('UPDATE cluster SET not_before = now(), session_no = 1 WHERE id = $1', [here]);
    await holdLane(test.database.manager, { cluster_id: here, session_no: 0 }, 60_000);
    expect(await claim()).toHaveLength(1);
  });

  it('never gives one row to two workers: 16 at once over 20 clusters', async () => {
    for (let n = 10; n < 30; n += 1) await cluster(`c${n}`, 20);
    const seen: number[] = [];
    const worker = async (name: string) => {
      for (let empty = 0; empty < 10;) {
        const claims = await claim({ worker: name });
        empty = claims.length === 0 ? empty + 1 : 0;
        for (const each of claims) {
          seen.push(each.id);
          expect(await finish(each)).toBeDefined();
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, n) => worker(`w${n}`)));
    expect(seen).toHaveLength(400);
    expect(new Set(seen).size).toBe(400);
  }, 30_000);

  it('takes the work of a worker that overslept, which then writes nothing', async () => {
    await cluster('abc', 1);
    const [stale] = await claim({ leaseMs: 1 });
    await test.database.query('SELECT pg_sleep(0.01)');
    const [fresh] = await claim();
    expect(fresh).toMatchObject({ id: stale.id, fence: stale.fence + 1 });
    expect(await finish(stale)).toBeUndefined();
    const state = () => test.database.query('SELECT delivered, leased_until IS NULL AS free FROM work');
    expect(await state()).toEqual([{ delivered: 0, free: false }]);
    expect(await finish(fresh)).toEqual({ dueInMs: null });
    expect(await state()).toEqual([{ delivered: 1, free: true }]);
  });

  it('does not forget what was wanted while it was worked on', async () => {
    const id = await cluster('abc', 1);
    const [claimed] = await claim();
    await test.database.transaction((sql) => wakeCluster(sql, id));
    expect(await finish(claimed)).toEqual({ dueInMs: 0 });
    const [again] = await claim();
    expect(again).toMatchObject({ id: claimed.id, delivered: 1 });
    expect(await finish(again)).toEqual({ dueInMs: null });
    expect(await claim()).toEqual([]);
    await test.database.transaction((sql) => redeliver(sql, id, [claimed.id]));
    expect(await claim()).toMatchObject([{ delivered: 0 }]);
  });

  it('writes down that a claimed revision may have left', async () => {
    await cluster('abc', 1);
    await claim();
    expect(await test.database.query('SELECT sent FROM work')).toEqual([{ sent: 1 }]);
  });

  it('costs little when nothing is due', async () => {
    await cluster('abc', 5_000);
    await test.database.query('UPDATE work SET due_at = NULL');
    await test.database.query('SELECT 1');
    const started = performance.now();
    for (let n = 0; n < 50; n += 1) expect(await claim()).toEqual([]);
    expect((performance.now() - started) / 50).toBeLessThan(20);
  });
});
