import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, useHarness } from './harness.js';

describe('queued jobs', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { maxBundleBytes: 20_000 } });
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const show = (one: Instance) => harness.request(reconciler.showInstance, one);
  const restart = async (one: Instance) => (await harness.request(reconciler.restartInstance, one)).jobId;
  const update = async (one: Instance, cpuLimitMc: number) => {
    const updated = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc } });
    return (updated as { jobId: string }).jobId;
  };
  const cancel = (id: string) => harness.request(reconciler.cancelJob, { id });
  const job = (id: string) =>
    harness.row(
      `SELECT status, reason, progress, current_step AS "currentStep", started_at AS "startedAt"
       FROM job_ref WHERE job_id = $1`,
      [id],
    );
  const ended = async (id: string) => (await harness.jobs.ended(id)).job;
  const delivered = (id: string) => harness.jobs.delivered(id);
  /** Makes a stalled instance ready, which ends the started job. */
  const finish = async (id: string) => (await harness.finish(id)).job;
  const specOf = async (one: Instance, revision: number) =>
    (
      await harness.row<{ spec: { restartedAt: string | null; sizing: { cpuLimitMc: number } } }>(
        `SELECT r.spec FROM revision r JOIN instance i ON i.id = r.instance_id WHERE i.osid = $1 AND r.revision = $2`,
        [one.osid, revision],
      )
    ).spec;

  /** A healthy instance whose later bundles stay unready until their job is finished. */
  const stalling = async (type = 'valkey'): Promise<Instance> => {
    const one = await harness.create(type);
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    return one;
  };

  it('of actions start in order of arrival when the rollout before them has ended', async () => {
    const one = await stalling();
    const rollout = await update(one, 600);
    await delivered(rollout);
    const [first, second] = [await restart(one), await restart(one)];
    expect(await job(rollout)).toMatchObject({ status: 'running' });
    const waiting = { status: 'pending', reason: 'Queued', currentStep: null, startedAt: null };
    expect(await job(first)).toMatchObject({ ...waiting, progress: `waiting for the end of job ${rollout}` });
    expect(await job(second)).toMatchObject({ ...waiting, progress: `waiting for the end of job ${first}` });
    expect(await show(one)).toMatchObject({ generation: 4, observedGeneration: 2 });

    expect(await finish(rollout)).toMatchObject({ status: 'completed' });
    await delivered(first);
    expect(await job(second)).toMatchObject(waiting);
    expect(await finish(first)).toMatchObject({ status: 'completed', type: 'service.restart', reason: null });
    expect(await finish(second)).toMatchObject({ status: 'completed' });
    expect(await show(one)).toMatchObject({ status: 'healthy', generation: 4, observedGeneration: 4 });
    const [, updated, once, twice] = await Promise.all([1, 2, 3, 4].map((revision) => specOf(one, revision)));
    expect(updated?.restartedAt).toBeNull();
    expect(once?.restartedAt).toEqual(expect.any(String));
    expect(twice?.restartedAt).not.toBe(once?.restartedAt);
    expect(twice?.sizing.cpuLimitMc).toBe(600);
  });

  it('of actions wait for the rollout that supersedes the one before them', async () => {
    const one = await stalling();
    const older = await update(one, 600);
    await delivered(older);
    const action = await restart(one);
    const newer = await update(one, 700);
    expect(await ended(older)).toMatchObject({ status: 'cancelled', reason: 'Superseded', supersededBy: newer });
    expect(await job(action)).toMatchObject({ reason: 'Queued', progress: `waiting for the end of job ${newer}` });
    expect(await finish(newer)).toMatchObject({ status: 'completed' });
    expect(await finish(action)).toMatchObject({ status: 'completed' });
    // The action was accepted before the newer rollout, and its revision comes after it.
    expect(await show(one)).toMatchObject({ cpuLimitMc: 700, generation: 5, observedGeneration: 5, status: 'healthy' });
  });

  /** The generation that a client has seen stays, whatever starts behind its write. */
  const expectGeneration = async (one: Instance, generation: number) => {
    const shown = await show(one);
    expect(shown).toMatchObject({ generation, observedGeneration: generation, status: 'healthy' });
    expect(new Set(shown.conditions.map(({ observedGeneration }) => observedGeneration))).toEqual(
      new Set([generation]),
    );
    const fields = { cpuLimitMc: 900 };
    const changed = harness.request(reconciler.updateInstance, { ...one, fields, ifGeneration: generation });
    await expect(changed).resolves.toMatchObject({ jobId: expect.any(String) });
  };

  it('start without a new generation behind a queued rollout that takes an earlier place', async () => {
    const one = await stalling();
    const first = await restart(one);
    await update(one, 510);
    const second = await restart(one);
    const newer = await update(one, 520);
    const last = await restart(one);
    const { generation } = await show(one);
    for (const id of [first, newer, second, last]) await finish(id);
    await expectGeneration(one, generation);
  });

  it('start without a new generation behind a started rollout that supersedes the one before them', async () => {
    const one = await stalling();
    await delivered(await update(one, 600));
    const actions = [await restart(one), await restart(one)];
    const newer = await update(one, 700);
    const { generation } = await show(one);
    for (const id of [newer, ...actions]) await finish(id);
    await expectGeneration(one, generation);
  });

  it('start without a new generation behind the rollback of a cancelled rollout', async () => {
    const one = await stalling();
    const rollout = await update(one, 600);
    await delivered(rollout);
    const action = await restart(one);
    const { message } = await cancel(rollout);
    const { generation } = await show(one);
    for (const id of [/[0-9a-f-]{36}/.exec(message)?.[0] ?? '', action]) await finish(id);
    await expectGeneration(one, generation);
  });

  it('of rollouts wait for the started action, show their spec at once, and keep its restart', async () => {
    const one = await stalling();
    const action = await restart(one);
    await delivered(action);
    const older = await update(one, 600);
    expect(await job(older)).toMatchObject({ status: 'pending', progress: `waiting for the end of job ${action}` });
    expect(await show(one)).toMatchObject({ cpuLimitMc: 600, generation: 3 });
    expect(harness.agent.bundleOf(one.osid)).toMatchObject({ revision: 2, generation: 2 });
    const stale = harness.request(reconciler.updateInstance, { ...one, fields: { replicas: 2 }, ifGeneration: 2 });
    await expect(stale).rejects.toMatchObject({ code: 'conflict.stale', details: { generation: 3 } });
    const same = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 } });
    expect(same).toMatchObject({ noOp: true });

    const last = await restart(one);
    const newer = await update(one, 700);
    expect(await ended(older)).toMatchObject({ status: 'cancelled', reason: 'Superseded', supersededBy: newer });
    expect(await job(newer)).toMatchObject({ progress: `waiting for the end of job ${action}` });
    expect(await job(last)).toMatchObject({ progress: `waiting for the end of job ${newer}` });
    expect(await job(action)).toMatchObject({ status: 'running' });
    for (const id of [action, newer, last]) {
      expect(await finish(id)).toMatchObject({ status: 'completed' });
    }
    const restarted = await specOf(one, 2);
    expect(await specOf(one, 3)).toMatchObject({
      restartedAt: restarted.restartedAt,
      sizing: { cpuLimitMc: 700 },
    });
    const shown = await show(one);
    expect(shown.observedGeneration).toBe(shown.generation);
  });

  it('are superseded by a deletion', async () => {
    const one = await stalling();
    const action = await restart(one);
    await delivered(action);
    const [rollout, second] = [await update(one, 600), await restart(one)];
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    const { jobId } = await harness.request(reconciler.deleteInstance, one);
    for (const id of [action, rollout, second]) {
      expect(await ended(id)).toMatchObject({ status: 'cancelled', reason: 'Superseded', supersededBy: jobId });
    }
    expect(await ended(jobId)).toMatchObject({ status: 'completed' });
  });

  it('are cancelled alone, and the current revision is desired again', async () => {
    const one = await stalling();
    const action = await restart(one);
    await delivered(action);
    const [rollout, second] = [await update(one, 600), await restart(one)];
    expect(await cancel(rollout)).toMatchObject({ cancelled: true, status: 'cancelled' });
    expect(await ended(rollout)).toMatchObject({ status: 'cancelled', reason: 'Cancelled' });
    expect(await job(action)).toMatchObject({ status: 'running' });
    expect(await job(second)).toMatchObject({ progress: `waiting for the end of job ${action}` });
    expect(await show(one)).toMatchObject({ cpuLimitMc: 500 });
    expect(await cancel(second)).toMatchObject({ cancelled: true });
    expect(await finish(action)).toMatchObject({ status: 'completed' });
    const shown = await show(one);
    expect(shown).toMatchObject({ status: 'healthy', observedGeneration: shown.generation });
    expect(shown.conditions).toContainEqual(
      expect.objectContaining({ type: 'Accepted', observedGeneration: shown.generation }),
    );
    expect(await cancel(second)).toMatchObject({ cancelled: false, status: 'cancelled' });
  });

  it('start when the job before them is cancelled: the rollback first, then the action', async () => {
    const one = await stalling();
    const rollout = await update(one, 600);
    await delivered(rollout);
    const action = await restart(one);
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    const { message } = await cancel(rollout);
    const [rollback = ''] = /[0-9a-f-]{36}/.exec(message) ?? [];
    expect(await ended(rollback)).toMatchObject({ status: 'completed', type: 'service.update' });
    expect(await ended(action)).toMatchObject({ status: 'completed' });
    expect(await specOf(one, 4)).toMatchObject({ restartedAt: expect.any(String), sizing: { cpuLimitMc: 500 } });
  });

  it('of rollouts start when the action before them is cancelled, and are not lost', async () => {
    const one = await stalling();
    const action = await restart(one);
    await delivered(action);
    const rollout = await update(one, 600);
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    expect(await cancel(action)).toMatchObject({ cancelled: true });
    expect(await ended(rollout)).toMatchObject({ status: 'completed' });
    expect(await show(one)).toMatchObject({ cpuLimitMc: 600, status: 'healthy' });
  });

  it('repeat their response for the same idempotency key', async () => {
    const one = await stalling();
    await delivered(await update(one, 600));
    const options = { idempotency: { key: `queued-${one.osid}`, requestHash: 'a' } };
    const [first, again] = await Promise.all([
      harness.request(reconciler.restartInstance, { ...one, ...options }),
      harness.request(reconciler.restartInstance, { ...one, ...options }),
    ]);
    expect(again).toEqual(first);
    const { queued } = await harness.row<{ queued: number }>(
      `SELECT count(*)::int AS queued FROM job_ref WHERE osid = $1 AND outcome IS NULL AND queue_position IS NOT NULL`,
      [one.osid],
    );
    expect(queued).toBe(1);
  });

  it('survive a stop of every reconciler between acceptance and start', async () => {
    const one = await stalling();
    const action = await restart(one);
    await delivered(action);
    const rollout = await update(one, 600);
    await harness.agent.idle();
    await Promise.all(harness.replicas.splice(0).map((replica) => replica.stop()));
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.startReplica();
    expect(await finish(action)).toMatchObject({ status: 'completed' });
    expect(await ended(rollout)).toMatchObject({ status: 'completed' });
    expect(await show(one)).toMatchObject({ cpuLimitMc: 600, status: 'healthy' });
  });

  it('never start for a change that is refused at its start; the next job starts', async () => {
    const one = await stalling('postgresql');
    const action = await restart(one);
    await delivered(action);
    const [rollout, last] = [await update(one, 600), await restart(one)];
    await harness.sql(
      `UPDATE job_ref SET pending = jsonb_set(pending, '{spec,config}', jsonb_build_object('setId', 's', 'version', 'v1',
         'values', (SELECT jsonb_object_agg('p' || n, md5(n::text)) FROM generate_series(1, 2000) AS n)))
       WHERE job_id = $1`,
      [rollout],
    );
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    expect(await finish(action)).toMatchObject({ status: 'completed' });
    expect(await ended(rollout)).toMatchObject({ status: 'failed', reason: 'Refused' });
    expect(await ended(last)).toMatchObject({ status: 'completed' });
    const shown = await show(one);
    expect(shown).toMatchObject({ status: 'healthy', observedGeneration: shown.generation });
    expect(shown['cpuLimitMc']).not.toBe(600);
  });
});
