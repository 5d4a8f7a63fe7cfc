import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type TestPlane, testPlane } from '../test/test-plane.js';

describe('jobs that cannot go on', () => {
  let plane: TestPlane;
  beforeAll(async () => {
    plane = await testPlane({ settings: { jobDeadlineSeconds: 2 } });
  }, 30_000);
  afterAll(() => plane.stop());
  afterEach(() => {
    plane.agent.mood = 'answering';
    plane.agent.live = (bundle) => plane.agent.goesWell(bundle);
  });

  const type = 'valkey';
  const create = async () => {
    const made = await plane.ask(reconciler.createInstance, { cid: plane.cid, type, fields: {} });
    return { cid: plane.cid, type, ...made };
  };
  const show = (id: string) => plane.ask(reconciler.showInstance, { cid: plane.cid, type, id });
  const stuck = (osid: string) => ({
    objects: [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: osid,
        name: `${osid}-0`,
        state: 'failed',
        reason: 'ImagePullBackOff',
        message: 'The image cannot be pulled. Check its name and the registry.',
      },
    ],
  });

  it('wait for an absent agent, say so, and go on when it is back', async () => {
    await plane.agent.disconnect();
    const made = await create();
    const { job } = await plane.jobs.when(made.jobId, () => true);
    expect(job).toMatchObject({
      status: 'pending',
      reason: 'AgentAbsent',
      progress: expect.stringContaining('cluster agent of abc'),
    });
    expect(await show(made.id)).toMatchObject({
      status: 'disconnected',
      lastKnownStatus: 'pending',
      reason: 'AgentDisconnected',
    });
    await plane.agent.connect();
    expect((await plane.jobs.ended(made.jobId)).job.status).toBe('completed');
    expect(await show(made.id)).toMatchObject({ status: 'healthy', reason: null });
  });

  it('go on as well when the agent leaves in the middle: its absence stops the clock', async () => {
    plane.agent.live = async (bundle) => plane.agent.reports(bundle, 'applying');
    const made = await create();
    await plane.jobs.when(made.jobId, ({ job }) => job.currentStep === 'apply');
    await plane.agent.disconnect();
    await plane.jobs.when(made.jobId, ({ job }) => job.reason === 'AgentAbsent');
    const [{ left }] = await plane.sql<{ left: number }>(
      'SELECT extract(epoch FROM ends_at - now())::int AS left FROM job_ref WHERE job_id = $1',
      [made.jobId],
    );
    expect(left).toBeGreaterThan(86_000);
    await plane.agent.connect();
    await plane.agent.goesWell(plane.agent.stored.get(made.osid)!);
    expect((await plane.jobs.ended(made.jobId)).job.status).toBe('completed');
  });

  it('ask again when an answer could not be had, or was a no', async () => {
    for (const mood of ['silent', 'refusing'] as const) {
      plane.agent.mood = mood;
      const made = await create();
      const { job } = await plane.jobs.when(made.jobId, (known) => known.job.reason !== null);
      expect(job.reason).toBe(mood === 'silent' ? 'AgentSilent' : 'Declined');
      plane.agent.mood = 'answering';
      expect((await plane.jobs.ended(made.jobId)).job.status).toBe('completed');
    }
  });

  it('fail at the deadline with object, reason and remedy; a good update afterwards heals', async () => {
    plane.agent.live = (bundle) => plane.agent.reports(bundle, 'applied', stuck(bundle.osid));
    const made = await create();
    const { job, workItems } = await plane.jobs.ended(made.jobId);
    expect(job).toMatchObject({ status: 'failed', reason: 'ImagePullBackOff', currentStep: 'wait-ready' });
    expect(job.error).toContain(`${made.osid} did not get ready within 2 seconds: Pod ${made.osid}-0`);
    expect(job.error).toContain('Check its name and the registry.');
    expect(workItems.map(({ status }) => status)).toEqual([...Array<string>(4).fill('completed'), 'failed']);
    expect(await show(made.id)).toMatchObject({ status: 'unhealthy', reason: 'ImagePullBackOff' });
    plane.agent.live = (bundle) => plane.agent.goesWell(bundle);
    const again = await plane.ask(reconciler.updateInstance, { ...made, fields: { cpuLimitMc: 600 } });
    await plane.jobs.ended((again as { jobId: string }).jobId);
    expect(await show(made.id)).toMatchObject({ status: 'healthy', reason: null, message: null });
  });

  it('are superseded by a newer write, which says what took its place', async () => {
    plane.agent.live = (bundle) => plane.agent.reports(bundle, 'applying');
    const made = await create();
    const answer = await plane.ask(reconciler.updateInstance, { ...made, fields: { cpuLimitMc: 600 } });
    const { jobId } = answer as { jobId: string };
    const { job } = await plane.jobs.ended(made.jobId);
    expect(job).toMatchObject({ status: 'cancelled', reason: 'Superseded', supersededBy: jobId });
    await plane.agent.quiet();
    await plane.jobs.when(jobId, (known) => known.job.currentStep === 'apply');
    await plane.agent.goesWell(plane.agent.stored.get(made.osid)!);
    expect((await plane.jobs.ended(jobId)).job.status).toBe('completed');
  });

  it('are cancelled: an update brings the previous revision back, a creation is removed', async () => {
    const made = await create();
    await plane.jobs.ended(made.jobId);
    const before = plane.agent.stored.get(made.osid)!;
    plane.agent.live = (bundle) => plane.agent.reports(bundle, 'applying');
    const update = await plane.ask(reconciler.updateInstance, { ...made, fields: { cpuLimitMc: 600 } });
    const { jobId } = update as { jobId: string };
    await plane.jobs.when(jobId, ({ job }) => job.currentStep === 'apply');
    plane.agent.live = (bundle) => plane.agent.goesWell(bundle);
    const cancelled = await plane.ask(reconciler.cancelJob, { id: jobId });
    expect(cancelled).toMatchObject({ cancelled: true, status: 'cancelled' });
    const [rollback] = /[0-9a-f-]{36}/.exec(cancelled.message) ?? [];
    await plane.jobs.ended(rollback!);
    expect(plane.agent.stored.get(made.osid)).toMatchObject({ generation: 3, digest: before.digest });
    expect(await show(made.id)).toMatchObject({ cpuLimitMc: 500, generation: 3, status: 'healthy' });
    const late = await plane.ask(reconciler.cancelJob, { id: rollback! });
    expect(late).toEqual({ cancelled: false, status: 'completed', message: expect.any(String) });

    plane.agent.live = (bundle) => (bundle.removed ? plane.agent.goesWell(bundle) : Promise.resolve());
    const unwanted = await create();
    await plane.jobs.when(unwanted.jobId, ({ job }) => job.currentStep === 'apply');
    const removed = await plane.ask(reconciler.cancelJob, { id: unwanted.jobId });
    await plane.jobs.ended(/[0-9a-f-]{36}/.exec(removed.message)![0]);
    await expect(show(unwanted.id)).rejects.toMatchObject({ code: 'service.not_found' });
  });

  it('of a deletion are cancelled only until the tombstone is out', async () => {
    const made = await create();
    await plane.jobs.ended(made.jobId);
    await plane.agent.disconnect();
    const kept = await plane.ask(reconciler.deleteInstance, made);
    expect(await plane.ask(reconciler.cancelJob, { id: kept.jobId })).toMatchObject({ cancelled: true });
    await plane.agent.connect();
    plane.agent.live = (bundle) => (bundle.removed ? Promise.resolve() : plane.agent.goesWell(bundle));
    const { jobId } = await plane.ask(reconciler.deleteInstance, made);
    await plane.jobs.when(jobId, ({ job }) => job.currentStep === 'remove');
    expect(await plane.ask(reconciler.cancelJob, { id: jobId })).toMatchObject({ cancelled: false, status: 'running' });
    await plane.agent.goesWell(plane.agent.stored.get(made.osid)!);
    await plane.jobs.ended(jobId);
    await expect(plane.ask(reconciler.cancelJob, { id: jobId }, { tenant: 'bbbbb' })).rejects.toMatchObject({
      code: 'job.not_found',
    });
  });

  it('of a deletion that Kubernetes holds up quote it, fail at the deadline, and the row goes when it ends', async () => {
    const made = await create();
    await plane.jobs.ended(made.jobId);
    const message = 'ConfigMap anchor waits for its finalizer example.com/never; remove it, or repair who should.';
    plane.agent.live = (bundle) =>
      plane.agent.reports(bundle, 'deleting', {
        objects: [
          {
            apiVersion: 'v1',
            kind: 'Namespace',
            name: made.osid,
            state: 'deleting',
            reason: 'NamespaceFinalizersRemaining',
            message,
          },
        ],
      });
    const { jobId } = await plane.ask(reconciler.deleteInstance, made);
    const { job } = await plane.jobs.ended(jobId);
    expect(job).toMatchObject({ status: 'failed', reason: 'NamespaceFinalizersRemaining' });
    expect(job.error).toContain(message);
    expect(plane.jobs.linesOf(jobId)).toContainEqual(expect.stringContaining('example.com/never'));
    expect(await show(made.id)).toMatchObject({ status: 'deleting', message: expect.stringContaining('finalizer') });
    await plane.agent.goesWell(plane.agent.stored.get(made.osid)!);
    await expect(show(made.id)).rejects.toMatchObject({ code: 'service.not_found' });
  });

  it('never begin for an instance that is deleted before it was sent: it is gone at once', async () => {
    await plane.agent.disconnect();
    const made = await create();
    const { jobId } = await plane.ask(reconciler.deleteInstance, made);
    expect((await plane.jobs.ended(jobId)).job.status).toBe('completed');
    await expect(show(made.id)).rejects.toMatchObject({ code: 'service.not_found' });
    await plane.agent.connect();
    expect(plane.agent.stored.has(made.osid)).toBe(false);
  });
});
