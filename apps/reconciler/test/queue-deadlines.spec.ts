import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { runSql } from '@runos/persistence';
import { addNewerRenderer } from '@runos/service-types/testing';
import { type Harness, type Instance, useHarness } from './harness.js';

describe('the clock of queued jobs', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { jobDeadlineSeconds: 6 } });
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  /** A healthy instance with a started restart that stays unready until it is finished. */
  const restarting = async () => {
    const one = await harness.create('valkey');
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying').catch(() => undefined);
    const { jobId: started } = await harness.request(reconciler.restartInstance, one);
    await harness.jobs.delivered(started);
    return { one, started };
  };
  const update = async (one: Instance) => {
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
    expect(failed.error).toContain('within 6 seconds');
    expect(await harness.request(reconciler.showInstance, one)).toMatchObject({ cpuLimitMc: 600 });
  });

  it('of a job whose instance is locked delays no other', async () => {
    const first = await restarting();
    const deadline = (after: string) =>
      harness.sql(`UPDATE job_ref SET deadline_at = now() + $2::interval WHERE job_id = $1`, [first.started, after]);
    await deadline('1 hour');
    const second = await restarting();
    await harness.database.transaction(async (sql) => {
      await runSql(sql, 'SELECT 1 FROM instance WHERE osid = $1 FOR UPDATE', [first.one.osid]);
      await deadline('-1 minute'); // so that it is the first one to be ended
      const isEnded = ended(second.started).then(({ status }) => status);
      expect(await Promise.race([isEnded, sleep(60_000, 'delayed', { ref: false })])).toBe('failed');
      expect(harness.jobs.get(first.started)?.job.status).toBe('running');
    });
    expect(await ended(first.started)).toMatchObject({ status: 'failed' });
  });

  it('of a job that cannot be ended delays no other', async () => {
    const { one, started } = await restarting();
    await update(one);
    const { sealed } = await harness.row<{ sealed: string }>(
      'SELECT secrets_sealed AS sealed FROM instance WHERE osid = $1',
      [one.osid],
    );
    const store = (text: string) =>
      harness.sql('UPDATE instance SET secrets_sealed = $2 WHERE osid = $1', [one.osid, text]);
    await store('damaged');
    const { started: other } = await restarting();
    expect(await ended(other)).toMatchObject({ status: 'failed' });
    expect(await harness.row('SELECT outcome FROM job_ref WHERE job_id = $1', [started])).toEqual({ outcome: null });
    await store(sealed);
    expect(await ended(started)).toMatchObject({ status: 'failed' });
  });

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
  });

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
  });
});
