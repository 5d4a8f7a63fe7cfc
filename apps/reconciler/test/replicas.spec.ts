import { describe, expect, it, jest } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, useHarness } from './harness.js';

describe('several replicas', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), {
    replicas: 2,
    settings: { leaseSeconds: 10, clusterQueueCap: 4, workers: 4 },
  });

  const create = () => harness.request(reconciler.createInstance, { cid: harness.cid, type: 'valkey', fields: {} });

  it('share the work, and complete every job once', async () => {
    const made = await Promise.all(Array.from({ length: 40 }, create));
    const ended = await Promise.all(made.map(({ jobId }) => harness.jobs.ended(jobId)));
    expect(new Set(ended.map(({ job }) => job.status))).toEqual(new Set(['completed']));
    expect(new Set(made.map(({ id }) => id)).size).toBe(40);
    await harness.agent.idle();
    expect(harness.agent.instructions).toHaveLength(40);
  });

  it('never deadlock with concurrent writes, deliveries and reports', async () => {
    const made = await Promise.all(Array.from({ length: 12 }, create));
    const last = await Promise.all(
      made.map(async ({ id }) => {
        let jobId = '';
        for (let round = 0; round < 6; round += 1) {
          ({ jobId } = await harness.request(reconciler.restartInstance, { cid: harness.cid, type: 'valkey', id }));
        }
        return jobId;
      }),
    );
    await harness.agent.connect();
    const deleted = await Promise.all(
      made.map(({ id }) => harness.request(reconciler.deleteInstance, { cid: harness.cid, type: 'valkey', id })),
    );
    await Promise.all([...last, ...deleted.map(({ jobId }) => jobId)].map((id) => harness.jobs.ended(id)));
    const { deadlocks } = await harness.row<{ deadlocks: number }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toBe(0);
  });

  it('end every queued job once, and lose no accepted change, with concurrent restarts and updates', async () => {
    const made = await Promise.all(Array.from({ length: 12 }, create));
    const written = await Promise.all(
      made.map(async ({ id }) => {
        const one = { cid: harness.cid, type: 'valkey', id };
        const updates = [600, 700, 800].map((cpuLimitMc) =>
          harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc } }),
        );
        const restarts = Array.from({ length: 3 }, () => harness.request(reconciler.restartInstance, one));
        const jobs = await Promise.all<object>([...updates, ...restarts]);
        const last = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 900 } });
        const jobIds = [...jobs, last].map((response) => (response as { jobId: string }).jobId);
        return { one, jobIds };
      }),
    );
    for (const { one, jobIds } of written) {
      const ended = await Promise.all(jobIds.map((id) => harness.jobs.ended(id)));
      const outcomes = ended.map(({ job: { type, status, reason } }) => ({ type, status, reason }));
      const completed = { status: 'completed', reason: null };
      expect(outcomes.filter(({ type }) => type === 'service.restart')).toEqual(
        Array(3).fill({ type: 'service.restart', ...completed }),
      );
      expect(outcomes.at(-1)).toEqual({ type: 'service.update', ...completed });
      const shown = await harness.request(reconciler.showInstance, one);
      expect(shown).toMatchObject({ cpuLimitMc: 900, status: 'healthy', observedGeneration: shown.generation });
    }
    const { deadlocks } = await harness.row<{ deadlocks: number }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toBe(0);
  });

  it('take over the work of a stopped replica', async () => {
    await harness.agent.disconnect();
    const made = await Promise.all(Array.from({ length: 10 }, create));
    const [first] = harness.replicas.splice(0, 1);
    await Promise.all([first?.stop(), harness.agent.connect()]);
    const ended = await Promise.all(made.map(({ jobId }) => harness.jobs.ended(jobId)));
    expect(new Set(ended.map(({ job }) => job.status))).toEqual(new Set(['completed']));
  });

  it('continue the work after all of them stopped', async () => {
    harness.agent.onBundle = async (bundle) => harness.agent.report(bundle, 'applying').catch(() => undefined);
    const made = await Promise.all(Array.from({ length: 10 }, create));
    await Promise.all(harness.replicas.splice(0).map((replica) => replica.stop()));
    await harness.agent.idle();
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.startReplica();
    // An agent repeats the reports that were not acknowledged.
    for (const { osid } of made) {
      const stored = harness.agent.stored.get(osid);
      if (stored) await harness.agent.reportSuccess(stored);
    }
    const ended = await Promise.all(made.map(({ jobId }) => harness.jobs.ended(jobId)));
    expect(new Set(ended.map(({ job }) => job.status))).toEqual(new Set(['completed']));
  });

  it('accept writes while the jobs service is down, and serve the jobs that its projection does not have yet', async () => {
    const service = harness.service('jobs');
    const jobsBus = service.bus;
    harness.agent.onBundle = async () => undefined;
    const made = await create();
    const read = await jobsBus.request(reconciler.readJob, { id: made.jobId, aids: ['bbbbb', harness.aid] });
    expect(read).toMatchObject({ job: { id: made.jobId, osid: made.osid } });
    expect(read.logs.length).toBeGreaterThan(0);
    await expect(jobsBus.request(reconciler.readJob, { id: made.jobId, aids: ['bbbbb'] })).rejects.toMatchObject({
      code: 'job.not_found',
    });
    await service.stop();
    const requests = harness.replicas.map(({ bus }) => jest.spyOn(bus, 'request'));
    const late = await create();
    const requested = requests.flatMap(({ mock }) => mock.calls.map(([{ subject }]) => subject));
    expect(requested.filter((subject) => subject.startsWith('jobs.'))).toEqual([]);
    expect(late.jobId).toEqual(expect.any(String));
  });
});
