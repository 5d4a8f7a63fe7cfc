import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, useHarness } from './harness.js';

describe('waiting jobs', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { jobDeadlineSeconds: 6 } });
  afterEach(() => {
    harness.agent.replies = 'accepting';
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const type = 'valkey';
  const create = async () => {
    const made = await harness.request(reconciler.createInstance, { cid: harness.cid, type, fields: {} });
    return { cid: harness.cid, type, ...made };
  };
  const show = (id: string) => harness.request(reconciler.showInstance, { cid: harness.cid, type, id });
  const jobIn = (message: string): string => {
    const [id] = /[0-9a-f-]{36}/.exec(message) ?? [];
    if (id === undefined) throw new Error(`no job id in: ${message}`);
    return id;
  };
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

  it('show that the agent is disconnected, and continue when it connects', async () => {
    await harness.agent.disconnect();
    const made = await create();
    const { job } = await harness.jobs.when(made.jobId, () => true);
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
    await harness.agent.connect();
    expect((await harness.jobs.ended(made.jobId)).job.status).toBe('completed');
    expect(await show(made.id)).toMatchObject({ status: 'healthy', reason: null });
  });

  it('have a paused deadline while the agent is disconnected', async () => {
    harness.agent.onBundle = async (bundle) => harness.agent.report(bundle, 'applying');
    const made = await create();
    await harness.jobs.delivered(made.jobId);
    await harness.agent.disconnect();
    await harness.jobs.when(made.jobId, ({ job }) => job.reason === 'AgentAbsent');
    const { left } = await harness.row<{ left: number }>(
      'SELECT extract(epoch FROM deadline_at - now())::int AS left FROM job_ref WHERE job_id = $1',
      [made.jobId],
    );
    expect(left).toBeGreaterThan(86_000);
    await harness.agent.connect();
    expect((await harness.finish(made.jobId)).job.status).toBe('completed');
  });

  it('retry an instruction without reply, and a refused one', async () => {
    for (const replies of ['silent', 'refusing'] as const) {
      harness.agent.replies = replies;
      const made = await create();
      const { job } = await harness.jobs.when(made.jobId, (known) => known.job.reason !== null);
      expect(job.reason).toBe(replies === 'silent' ? 'AgentNotResponding' : 'AgentRefused');
      harness.agent.replies = 'accepting';
      expect((await harness.jobs.ended(made.jobId)).job.status).toBe('completed');
    }
  });

  it('fail at the deadline with object, reason and remedy; a later update repairs the instance', async () => {
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applied', stuck(bundle.osid));
    const made = await create();
    const { job, workItems } = await harness.jobs.ended(made.jobId);
    expect(job).toMatchObject({ status: 'failed', reason: 'ImagePullBackOff', currentStep: 'wait-ready' });
    expect(job.error).toContain(`${made.osid} did not get ready within 6 seconds: Pod ${made.osid}-0`);
    expect(job.error).toContain('Check its name and the registry.');
    expect(workItems.map(({ status }) => status)).toEqual([...Array<string>(4).fill('completed'), 'failed']);
    expect(await show(made.id)).toMatchObject({ status: 'unhealthy', reason: 'ImagePullBackOff' });
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    const update = await harness.request(reconciler.updateInstance, { ...made, fields: { cpuLimitMc: 600 } });
    await harness.jobs.ended((update as { jobId: string }).jobId);
    expect(await show(made.id)).toMatchObject({ status: 'healthy', reason: null, message: null });
  });

  it('are superseded by a newer write, and name its job', async () => {
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    const made = await create();
    const update = await harness.request(reconciler.updateInstance, { ...made, fields: { cpuLimitMc: 600 } });
    const { jobId } = update as { jobId: string };
    const { job } = await harness.jobs.ended(made.jobId);
    expect(job).toMatchObject({ status: 'cancelled', reason: 'Superseded', supersededBy: jobId });
    expect((await harness.finish(jobId)).job.status).toBe('completed');
  });

  it('are cancelled: an update restores the previous revision, a creation is removed', async () => {
    const made = await create();
    await harness.jobs.ended(made.jobId);
    const before = harness.agent.bundleOf(made.osid);
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    const update = await harness.request(reconciler.updateInstance, { ...made, fields: { cpuLimitMc: 600 } });
    const { jobId } = update as { jobId: string };
    await harness.jobs.delivered(jobId);
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    const cancelled = await harness.request(reconciler.cancelJob, { id: jobId });
    expect(cancelled).toMatchObject({ cancelled: true, status: 'cancelled' });
    const rollback = jobIn(cancelled.message);
    await harness.jobs.ended(rollback);
    expect(harness.agent.stored.get(made.osid)).toMatchObject({ generation: 3, digest: before.digest });
    expect(await show(made.id)).toMatchObject({ cpuLimitMc: 500, generation: 3, status: 'healthy' });
    const late = await harness.request(reconciler.cancelJob, { id: rollback });
    expect(late).toEqual({ cancelled: false, status: 'completed', message: expect.any(String) });

    harness.agent.onBundle = (bundle) => (bundle.removed ? harness.agent.reportSuccess(bundle) : Promise.resolve());
    const cancelledCreation = await create();
    await harness.jobs.delivered(cancelledCreation.jobId);
    const removed = await harness.request(reconciler.cancelJob, { id: cancelledCreation.jobId });
    await harness.jobs.ended(jobIn(removed.message));
    await expect(show(cancelledCreation.id)).rejects.toMatchObject({ code: 'service.not_found' });
  });

  it('of a deletion are cancelled until the tombstone is sent, and then unless something is deleted', async () => {
    const made = await create();
    await harness.jobs.ended(made.jobId);
    await harness.agent.disconnect();
    const kept = await harness.request(reconciler.deleteInstance, made);
    expect(await harness.request(reconciler.cancelJob, { id: kept.jobId })).toMatchObject({ cancelled: true });
    await harness.agent.connect();
    harness.agent.onBundle = (bundle) => (bundle.removed ? Promise.resolve() : harness.agent.reportSuccess(bundle));
    const { jobId } = await harness.request(reconciler.deleteInstance, made);
    await harness.jobs.delivered(jobId);
    expect(await harness.request(reconciler.cancelJob, { id: jobId })).toMatchObject({
      cancelled: false,
      status: 'running',
      message: expect.stringMatching(/deleted objects cannot be restored\. It is deleted already\.$/),
    });
    await harness.finish(jobId);
    await expect(harness.request(reconciler.cancelJob, { id: jobId }, { tenant: 'bbbbb' })).rejects.toMatchObject({
      code: 'job.not_found',
    });
  });

  it('of a deletion that has deleted nothing are cancelled, and bring the instance back', async () => {
    const made = await create();
    await harness.jobs.ended(made.jobId);
    const before = harness.agent.bundleOf(made.osid);
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'deleting');
    const { jobId } = await harness.request(reconciler.deleteInstance, made);
    await harness.jobs.delivered(jobId);
    await harness.agent.idle();
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    harness.agent.onHold = () => ({ held: true });
    const cancelled = await harness.request(reconciler.cancelJob, { id: jobId });
    expect(cancelled).toMatchObject({ cancelled: true, status: 'cancelled' });
    expect((await harness.jobs.ended(jobIn(cancelled.message))).job.status).toBe('completed');
    expect(harness.agent.bundleOf(made.osid)).toMatchObject({ digest: before.digest, removed: false });
    expect(await show(made.id)).toMatchObject({ status: 'healthy', generation: 3 });
  });

  it('of a deletion whose cancellation came too late bring the instance back empty, with an event', async () => {
    const made = await create();
    await harness.jobs.ended(made.jobId);
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'deleting');
    const { jobId } = await harness.request(reconciler.deleteInstance, made);
    await harness.jobs.delivered(jobId);
    const deletion = harness.agent.bundleOf(made.osid);
    let deliveries = 0;
    harness.agent.onHold = () => ({ held: true });
    harness.agent.onBundle = (bundle) =>
      (deliveries += 1) === 1 ? harness.agent.report(deletion, 'gone') : harness.agent.reportSuccess(bundle);
    const cancelled = await harness.request(reconciler.cancelJob, { id: jobId });
    expect((await harness.jobs.ended(jobIn(cancelled.message))).job.status).toBe('completed');
    const { events } = await harness.request(reconciler.listInstanceEvents, { ...made, limit: 50 });
    expect(events.filter(({ type }) => type === 'DataLost')).toEqual([
      expect.objectContaining({ object: null, message: expect.stringContaining('their data is lost') }),
    ]);
  });

  it('of a blocked deletion quote the finalizer, fail at the deadline, and the row is deleted when the deletion ends', async () => {
    const made = await create();
    await harness.jobs.ended(made.jobId);
    const message = 'ConfigMap anchor waits for its finalizer example.com/never; remove it, or repair who should.';
    harness.agent.onBundle = (bundle) =>
      harness.agent.report(bundle, 'deleting', {
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
    const { jobId } = await harness.request(reconciler.deleteInstance, made);
    const { job } = await harness.jobs.ended(jobId);
    expect(job).toMatchObject({ status: 'failed', reason: 'NamespaceFinalizersRemaining' });
    expect(job.error).toContain(message);
    expect(harness.jobs.linesOf(jobId)).toContainEqual(expect.stringContaining('example.com/never'));
    expect(await show(made.id)).toMatchObject({ status: 'deleting', message: expect.stringContaining('finalizer') });
    await harness.agent.reportSuccess(harness.agent.bundleOf(made.osid));
    await expect(show(made.id)).rejects.toMatchObject({ code: 'service.not_found' });
  });

  it('of an instance that is deleted before it was sent complete immediately', async () => {
    await harness.agent.disconnect();
    const made = await create();
    const { jobId } = await harness.request(reconciler.deleteInstance, made);
    expect((await harness.jobs.ended(jobId)).job.status).toBe('completed');
    await expect(show(made.id)).rejects.toMatchObject({ code: 'service.not_found' });
    await harness.agent.connect();
    expect(harness.agent.stored.has(made.osid)).toBe(false);
  });
});
