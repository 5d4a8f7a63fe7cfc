import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runSql } from '@runos/persistence';
import { startTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { type Claim, WorkRepository } from './work-repository.js';

describe('the work queue', () => {
  const work = new WorkRepository();
  let test: TestDatabase;
  beforeAll(async () => {
    test = await startTestDatabase();
  });
  afterAll(() => test?.stop());
  beforeEach(async () => {
    for (const table of ['instance', 'cluster']) await test.database.query(`DELETE FROM ${table}`);
  });

  /** A cluster with `size` claimable instances. */
  async function cluster(cid: string, size: number, connected = true): Promise<number> {
    const [created] = await test.database.query<{ id: number }>(
      `INSERT INTO cluster (aid, cid, name, root, is_default, changed_by, connected)
       VALUES ('aaaaa', $1, $1, 'example.com', false, 'spec', $2) RETURNING id`,
      [cid, connected],
    );
    if (created === undefined) throw new Error('no cluster was inserted');
    const { id } = created;
    await test.database.query(
      `WITH made AS (
         INSERT INTO instance (aid, cluster_id, iid, kind, type, osid, name, generation, revision, changed_by, secrets_sealed)
         SELECT 'aaaaa', $1, $2 || n, 'service', 'valkey', 'valkey-' || $2 || n, 'x', 1, 1, 'spec', ''
         FROM generate_series(1, $3::int) n RETURNING id)
       INSERT INTO work (id, cluster_id, next_attempt_at, revision) SELECT id, $1, now() - interval '1 second', 1 FROM made`,
      [id, cid, size],
    );
    return id;
  }
  const options = { holder: 'w', leaseMs: 30_000, clusterQueueCap: 4, limit: 16 };
  const claim = (over = {}) => work.claim(test.database.manager, { ...options, ...over });
  const claimOne = async (over = {}): Promise<Claim> => {
    const [claimed] = await claim(over);
    if (claimed === undefined) throw new Error('nothing was claimed');
    return claimed;
  };
  const release = async (claimed: Claim) => {
    const result = { claim: claimed, failures: 0, deliveredRevision: claimed.revision };
    const [released] = await test.database.transaction((sql) => work.release(sql, [result]));
    return released;
  };

  it('serves cluster queues round-robin, so that a slow cluster starves no other', async () => {
    const slow = await cluster('slow', 500);
    const others = await Promise.all(['c01', 'c02', 'c03'].map((cid) => cluster(cid, 3)));
    const served = [];
    for (let round = 0; round < 4; round += 1) served.push((await claimOne()).clusterId);
    expect(served.sort()).toEqual([slow, ...others].sort());
    // The queue of the slow cluster is full: its claims are not released.
    expect((await claim({ limit: 16 })).length).toBe(0);
  });

  it('claims nothing of disconnected clusters and of paused queues', async () => {
    await cluster('disconnected', 3, false);
    const id = await cluster('connected', 1);
    await work.pauseQueue(test.database.manager, { cluster_id: id, session_no: 0 }, 60_000);
    expect(await claim()).toEqual([]);
    expect(await work.nextAttemptInMs(test.database.manager)).toBeGreaterThan(50_000);
    await test.database.query('UPDATE cluster SET queue_resumes_at = now(), session_no = 1 WHERE id = $1', [id]);
    await work.pauseQueue(test.database.manager, { cluster_id: id, session_no: 0 }, 60_000);
    expect(await claim()).toHaveLength(1);
  });

  it('never gives one row to two workers: 16 workers and 20 clusters', async () => {
    for (let n = 10; n < 30; n += 1) await cluster(`c${n}`, 20);
    const claimedIds: number[] = [];
    const worker = async (name: string) => {
      for (let empty = 0; empty < 10;) {
        const claims = await claim({ holder: name });
        empty = claims.length === 0 ? empty + 1 : 0;
        for (const each of claims) {
          claimedIds.push(each.id);
          expect(await release(each)).toBeDefined();
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, n) => worker(`w${n}`)));
    expect(claimedIds).toHaveLength(400);
    expect(new Set(claimedIds).size).toBe(400);
  });

  it('lets another worker claim expired work, and refuses the results of the first', async () => {
    await cluster('abc', 1);
    const expired = await claimOne({ leaseMs: 1 });
    await test.database.query('SELECT pg_sleep(0.01)');
    const later = await claimOne();
    expect(later).toMatchObject({ id: expired.id, fencingToken: expired.fencingToken + 1 });
    expect(await release(expired)).toBeUndefined();
    const state = () =>
      test.database.query('SELECT delivered_revision AS delivered, lease_expires_at IS NULL AS free FROM work');
    expect(await state()).toEqual([{ delivered: 0, free: false }]);
    expect(await release(later)).toEqual({ nextAttemptInMs: null });
    expect(await state()).toEqual([{ delivered: 1, free: true }]);
  });

  it('keeps a request that arrives during a claim', async () => {
    const id = await cluster('abc', 1);
    const claimed = await claimOne();
    await test.database.transaction((sql) => work.requeueCluster(sql, id));
    expect(await release(claimed)).toEqual({ nextAttemptInMs: 0 });
    const second = await claimOne();
    expect(second).toMatchObject({ id: claimed.id, deliveredRevision: 1 });
    expect(await release(second)).toEqual({ nextAttemptInMs: null });
    expect(await claim()).toEqual([]);
    await test.database.transaction((sql) => work.redeliver(sql, id, [claimed.id]));
    expect(await claim()).toMatchObject([{ deliveredRevision: 0 }]);
  });

  it('keeps a redelivery that is requested while an earlier delivery ends', async () => {
    const id = await cluster('abc', 1);
    const first = await claimOne();
    // The agent has stored the revision, and has lost it again before the result is written.
    await test.database.transaction((sql) => work.redeliver(sql, id, [first.id]));
    expect(await release(first)).toEqual({ nextAttemptInMs: 0 });
    const second = await claimOne();
    expect(second).toMatchObject({ id: first.id, deliveredRevision: 0 });
    expect(await release(second)).toEqual({ nextAttemptInMs: null });
    expect(await test.database.query('SELECT delivered_revision FROM work')).toEqual([{ delivered_revision: 1 }]);
  });

  it('records a claimed revision as sent', async () => {
    await cluster('abc', 1);
    await claim();
    expect(await test.database.query('SELECT sent_revision FROM work')).toEqual([{ sent_revision: 1 }]);
  });

  it('reads no row when there is nothing to claim: an index has every condition', async () => {
    await cluster('abc', 5_000);
    await test.database.query('UPDATE work SET next_attempt_at = NULL');
    const [before, after] = await test.database.transaction(async (sql) => {
      // Also of earlier statements of this connection.
      const rowsRead = () =>
        runSql(
          sql,
          `SELECT seq_tup_read AS scanned, idx_tup_fetch AS fetched FROM pg_stat_xact_user_tables WHERE relname = 'work'`,
        );
      await runSql(sql, 'SET LOCAL enable_seqscan = off'); // the table is too new for statistics
      const read = await rowsRead();
      expect(await work.claim(sql, options)).toEqual([]);
      return [read, await rowsRead()];
    });
    expect(after).toEqual(before);
  });
});
