import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { newJob } from '../../test/new-job.js';
import { lockTogether } from '../../test/opposite-locks.js';
import { startTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { ClusterAddonRepository } from '../addons/cluster-addon-repository.js';
import { JobQueueRepository } from '../jobs/job-queue-repository.js';
import { JobRepository } from '../jobs/job-repository.js';
import { PausedDeadlineRepository } from '../jobs/paused-deadline-repository.js';
import { WorkRepository } from './work-repository.js';

const clusterId = 1;
const work = new WorkRepository();
const queue = new JobQueueRepository();
const addons = new ClusterAddonRepository();
const deadlines = new PausedDeadlineRepository();

let test: TestDatabase;
beforeAll(async () => {
  test = await startTestDatabase();
  await test.database.query(
    `INSERT INTO cluster (id, aid, cid, name, root, is_default, changed_by, connected) OVERRIDING SYSTEM VALUE
     VALUES (${clusterId}, 'aaaaa', 'abc', 'abc', 'example.com', false, 'spec', true)`,
  );
  // Rows in the opposite order of their keys: a statement without an order locks them as they are stored.
  await test.database.query(
    `WITH made AS (
       INSERT INTO instance (id, aid, cluster_id, iid, kind, type, osid, name, generation, revision, changed_by, secrets_sealed)
         OVERRIDING SYSTEM VALUE
       SELECT n, 'aaaaa', ${clusterId}, 'i' || n, 'service', 'valkey', 'valkey-' || n, 'x', 1, 1, 'spec', ''
       FROM generate_series(3, 1, -1) n RETURNING id)
     INSERT INTO work (id, cluster_id, revision) SELECT id, ${clusterId}, 1 FROM made ORDER BY id DESC`,
  );
  await test.database.query(
    `INSERT INTO instance_requirement (instance_id, alias, required_id) VALUES (2, 'a', 3), (1, 'a', 3)`,
  );
  await test.database.query(
    `INSERT INTO cluster_addon (cluster_id, name, aid, desired, version) VALUES
     (${clusterId}, 'b', 'aaaaa', 'installed', '1'), (${clusterId}, 'a', 'aaaaa', 'installed', '1')`,
  );
});
afterAll(() => test?.stop());

/** Release results in the opposite order of the ids. */
const results = [2, 1].map((id) => ({
  claim: {
    id,
    clusterId,
    revision: 1,
    deliveredRevision: 0,
    requested: 1e6,
    redeliveries: 0,
    fencingToken: 0,
    failures: 0,
  },
  failures: 0,
}));

const heldWork = ['work WHERE id = 1', 'work WHERE id = 2'];

describe('statements about the work of several instances', () => {
  const lockWork = (sql: EntityManager) => queue.lockWork(sql, [], [3]);

  it.each<[string, (sql: EntityManager) => Promise<unknown>]>([
    ['the results of deliveries', (sql) => work.release(sql, results)],
    ['the resumption of a cluster', (sql) => work.requeueCluster(sql, clusterId)],
    ['an instance that others need', (sql) => work.requeueDependents(sql, [3])],
    ['a resync', (sql) => work.redeliver(sql, clusterId, [2, 1])],
    ['a redelivery of all', (sql) => work.redeliver(sql, clusterId, 'all')],
    ['another list of writers', (sql) => work.redeliverTypes(sql, clusterId, ['valkey'], 1)],
  ])('lock it in the order of reports: %s', async (_, statement) => {
    await lockTogether(test.database, heldWork, statement, lockWork);
    await lockTogether(test.database, heldWork, lockWork, statement);
  });

  it('change all of them', async () => {
    const requests = async () =>
      (await test.database.query<{ requested: number }>('SELECT requested FROM work ORDER BY id')).map((row) =>
        Number(row.requested),
      );
    const before = await requests();
    await test.database.transaction((sql) => work.requeueDependents(sql, [3]));
    expect(await requests()).toEqual(before.map((count, index) => (index < 2 ? count + 1 : count)));
  });
});

describe('statements about several jobs of a cluster', () => {
  const jobIds: string[] = [];
  beforeEach(async () => {
    await test.database.query('DELETE FROM job_ref');
    jobIds.splice(0, jobIds.length, ...[uuidv7(), uuidv7()].sort());
    for (const [index, jobId] of [...jobIds.entries()].reverse()) await create(jobId, index + 1);
  });

  async function create(jobId: string, instanceId: number): Promise<void> {
    const job = newJob({ jobId, clusterId, instanceId, osid: `valkey-${instanceId}` });
    await test.database.transaction((sql) => new JobRepository(test.database).create(sql, job));
  }

  it.each(['pause', 'resume'] as const)('lock them in the order of reports: %s', async (action) => {
    const cluster = { id: clusterId, cid: 'abc' };
    if (action === 'resume') await test.database.transaction((sql) => deadlines.pause(sql, cluster));
    const jobs = new JobRepository(test.database);
    const held = jobIds.map((jobId) => `job_ref WHERE job_id = '${jobId}'`);
    for (const row of held) {
      await lockTogether(
        test.database,
        [row],
        (sql) => deadlines[action](sql, cluster),
        (sql) => jobs.lockOpen(sql, [1, 2]),
      );
      await test.database.transaction((sql) => deadlines[action === 'pause' ? 'resume' : 'pause'](sql, cluster));
    }
  });
});

describe('statements about several add-ons of a cluster', () => {
  it('lock them in one order', async () => {
    const held = ['a', 'b'].map((name) => `cluster_addon WHERE name = '${name}'`);
    const lock = (sql: EntityManager) => addons.lock(sql, 'aaaaa', clusterId);
    await lockTogether(test.database, held, (sql) => addons.installAgain(sql, clusterId), lock);
    await lockTogether(test.database, held, lock, (sql) => addons.installAgain(sql, clusterId));
    const rows = await runSql(test.database.manager, 'SELECT 1 FROM cluster_addon WHERE next_attempt_at IS NOT NULL');
    expect(rows).toHaveLength(2);
  });
});
