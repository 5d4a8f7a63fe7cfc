import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type TestPlane, testPlane } from '../test/test-plane.js';

describe('several replicas', () => {
  let plane: TestPlane;
  beforeAll(async () => {
    plane = await testPlane({ replicas: 2, settings: { leaseSeconds: 3, laneCap: 4, workers: 4 } });
  }, 30_000);
  afterAll(() => plane.stop());

  const create = () => plane.ask(reconciler.createInstance, { cid: plane.cid, type: 'valkey', fields: {} });

  it('share the work, and end every job once', async () => {
    const made = await Promise.all(Array.from({ length: 40 }, create));
    const ended = await Promise.all(made.map(({ jobId }) => plane.jobs.ended(jobId)));
    expect(new Set(ended.map(({ job }) => job.status))).toEqual(new Set(['completed']));
    expect(new Set(made.map(({ id }) => id)).size).toBe(40);
    await plane.agent.quiet();
    expect(plane.agent.instructions).toHaveLength(40);
  }, 30_000);

  it('never wait for each other in a circle, however much is written, delivered and reported at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 12 }, create));
    const last = await Promise.all(
      made.map(async ({ id }) => {
        let jobId = '';
        for (let round = 0; round < 6; round += 1) {
          ({ jobId } = await plane.ask(reconciler.restartInstance, { cid: plane.cid, type: 'valkey', id }));
        }
        return jobId;
      }),
    );
    await plane.agent.connect();
    const deleted = await Promise.all(
      made.map(({ id }) => plane.ask(reconciler.deleteInstance, { cid: plane.cid, type: 'valkey', id })),
    );
    await Promise.all([...last, ...deleted.map(({ jobId }) => jobId)].map((id) => plane.jobs.ended(id)));
    const [{ deadlocks }] = await plane.sql<{ deadlocks: number }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toBe(0);
  }, 30_000);

  it('take over what a stopped one had begun', async () => {
    await plane.agent.disconnect();
    const made = await Promise.all(Array.from({ length: 10 }, create));
    const [gone] = plane.replicas.splice(0, 1);
    const [, connected] = [gone.stop(), plane.agent.connect()];
    await connected;
    await gone.stop();
    const ended = await Promise.all(made.map(({ jobId }) => plane.jobs.ended(jobId)));
    expect(new Set(ended.map(({ job }) => job.status))).toEqual(new Set(['completed']));
  }, 30_000);

  it('go on where all of them stopped', async () => {
    plane.agent.live = async (bundle) => plane.agent.reports(bundle, 'applying').catch(() => undefined);
    const made = await Promise.all(Array.from({ length: 10 }, create));
    await Promise.all(plane.replicas.splice(0).map((replica) => replica.stop()));
    await plane.agent.quiet();
    plane.agent.live = (bundle) => plane.agent.goesWell(bundle);
    await plane.startReplica();
    // What an agent could not report it reports again.
    for (const { osid } of made) {
      const stored = plane.agent.stored.get(osid);
      if (stored) await plane.agent.goesWell(stored);
    }
    const ended = await Promise.all(made.map(({ jobId }) => plane.jobs.ended(jobId)));
    expect(new Set(ended.map(({ job }) => job.status))).toEqual(new Set(['completed']));
  }, 30_000);

  it('answer while the jobs service is away; a job can be read here meanwhile, and is heard of later', async () => {
    const service = plane.services.get('jobs')!;
    const asker = service.bus;
    plane.agent.live = async () => undefined;
    const made = await create();
    const read = await asker.request(reconciler.readJob, { id: made.jobId, aids: ['bbbbb', plane.aid] });
    expect(read).toMatchObject({ job: { id: made.jobId, osid: made.osid } });
    expect(read.logs.length).toBeGreaterThan(0);
    await expect(asker.request(reconciler.readJob, { id: made.jobId, aids: ['bbbbb'] })).rejects.toMatchObject({
      code: 'job.not_found',
    });
    await service.stop();
    const started = performance.now();
    const late = await create();
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(late.jobId).toEqual(expect.any(String));
  }, 30_000);
});
