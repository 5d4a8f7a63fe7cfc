import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { addNewerRenderer } from '@runos/service-types/testing';
import { type Harness, startHarness } from './harness.js';

describe('the clock of queued jobs', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ settings: { jobDeadlineSeconds: 2, maxBundleBytes: 20_000 } });
  }, 30_000);
  afterAll(() => harness.stop());
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  /** A healthy instance with a started restart that stays unready until `ready`. */
  const restarting = async (type = 'valkey') => {
    const made = await harness.request(reconciler.createInstance, { cid: harness.cid, type, fields: {} });
    await harness.jobs.ended(made.jobId);
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying').catch(() => undefined);
    const one = { cid: harness.cid, type, id: made.id, osid: made.osid };
    const { jobId: started } = await harness.request(reconciler.restartInstance, one);
    await harness.jobs.when(started, ({ job }) => job.currentStep === 'apply');
    return { one, started };
  };
  type Restarting = Awaited<ReturnType<typeof restarting>>['one'];
  const update = async (one: Restarting) => {
    const updated = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 } });
    return (updated as { jobId: string }).jobId;
  };
  const ended = async (id: string) => (await harness.jobs.ended(id)).job;
  const clockOf = (id: string) =>
    harness.row<{ deadline: boolean; paused: boolean }>(
      `SELECT deadline_at IS NOT NULL AS deadline, paused_at IS NOT NULL AS paused FROM job_ref WHERE job_id = $1`,
      [id],
    );

  it('starts when the job before them has failed at its deadline', async () => {
    const { one, started } = await restarting();
    const rollout = await update(one);
    expect(await clockOf(rollout)).toEqual({ deadline: false, paused: false });
    expect(await ended(started)).toMatchObject({ status: 'failed' });
    await harness.jobs.when(rollout, ({ job }) => job.reason !== 'Queued');
    expect(await clockOf(rollout)).toEqual({ deadline: true, paused: false });
    const failed = await ended(rollout);
    expect(failed.status).toBe('failed');
    expect(failed.error).toContain('within 2 seconds');
    expect(await harness.request(reconciler.showInstance, one)).toMatchObject({ cpuLimitMc: 600 });
  }, 15_000);

  it('ends no later for a job before one that needs the renderer of a newer build', async () => {
    const takeAway = addNewerRenderer('valkey');
    const { one, started } = await restarting();
    const rollout = await update(one);
    takeAway();
    const { started: other } = await restarting();
    for (const id of [started, other]) expect(await ended(id)).toMatchObject({ status: 'failed' });
    const left = await harness.jobs.when(rollout, ({ job }) => job.reason === 'RendererMissing');
    expect(left.job.status).toBe('pending');
    expect(await clockOf(rollout)).toEqual({ deadline: false, paused: false });
    const removeAgain = addNewerRenderer('valkey');
    expect(await ended(rollout)).toMatchObject({ status: 'failed', reason: 'DeadlineExceeded' });
    removeAgain();
  }, 20_000);

  it('is not paused before they start, also while the agent is disconnected', async () => {
    const { one, started } = await restarting();
    const rollout = await update(one);
    await harness.agent.disconnect();
    await harness.jobs.when(started, ({ job }) => job.reason === 'AgentAbsent');
    expect(await clockOf(rollout)).toEqual({ deadline: false, paused: false });
    await harness.request(reconciler.cancelJob, { id: started });
    const waiting = await harness.jobs.when(rollout, ({ job }) => job.reason !== 'Queued');
    expect(waiting.job).toMatchObject({ status: 'pending', reason: 'AgentAbsent', currentStep: 'deliver' });
    expect(await clockOf(rollout)).toEqual({ deadline: true, paused: true });
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.agent.connect();
    expect(await ended(rollout)).toMatchObject({ status: 'completed' });
  }, 15_000);

  it('survives a stop of every reconciler between acceptance and start', async () => {
    const { one, started } = await restarting();
    const rollout = await update(one);
    await Promise.all(harness.replicas.splice(0).map((replica) => replica.stop()));
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.startReplica();
    await harness.agent.reportSuccess(harness.agent.bundleOf(one.osid));
    expect(await ended(started)).toMatchObject({ status: 'completed' });
    expect(await ended(rollout)).toMatchObject({ status: 'completed' });
    expect(await harness.request(reconciler.showInstance, one)).toMatchObject({ cpuLimitMc: 600, status: 'healthy' });
  }, 20_000);

  it('never starts for a change that is refused at its start; the next job starts', async () => {
    const { one, started } = await restarting('postgresql');
    const rollout = await update(one);
    const { jobId: last } = await harness.request(reconciler.restartInstance, one);
    await harness.sql(
      `UPDATE job_ref SET pending = jsonb_set(pending, '{spec,config}', jsonb_build_object('setId', 's', 'version', 'v1',
         'values', (SELECT jsonb_object_agg('p' || n, md5(n::text)) FROM generate_series(1, 2000) AS n)))
       WHERE job_id = $1`,
      [rollout],
    );
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.agent.reportSuccess(harness.agent.bundleOf(one.osid));
    expect(await ended(started)).toMatchObject({ status: 'completed' });
    expect(await ended(rollout)).toMatchObject({ status: 'failed', reason: 'Refused' });
    expect(await ended(last)).toMatchObject({ status: 'completed' });
    const shown = await harness.request(reconciler.showInstance, one);
    expect(shown).toMatchObject({ status: 'healthy', observedGeneration: shown.generation });
    expect(shown['cpuLimitMc']).not.toBe(600);
  }, 15_000);
});
