import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { Retention } from '@runos/persistence';
import { type Harness, type Instance, startHarness } from './harness.js';
import { waveSteps, waveType } from './wave-steps.js';

describe('the upgrade of all instances of a type', () => {
  let harness: Harness;
  const {
    made,
    added,
    create,
    newerBuild,
    remove,
    stall,
    plan,
    start,
    show,
    when,
    ended,
    running,
    instanceOf,
    jobOf,
    finish,
    overdue,
    specOf,
    upgradeJobs,
  } = waveSteps(() => harness);
  /** A cluster whose agent never connects. Its cid comes first. */
  const away = 'aaa';
  const type = waveType;
  beforeAll(async () => {
    harness = await startHarness({ replicas: 2 });
    await harness.request(reconciler.createCluster, { cluster: { cid: away, root: 'example.com' } });
  });
  afterAll(() => harness.stop());
  beforeEach(() => {
    made.length = 0;
    added.length = 0;
  });
  afterEach(async () => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.sql('DELETE FROM upgrade_wave');
    for (const one of made) await remove(one).catch(() => undefined);
    for (const takeAway of added.toReversed()) takeAway();
  });

  it('is planned: what would change, what is up to date, what is blocked, in pages', async () => {
    const [first, second, current, deleted] = (await create(4)) as [Instance, Instance, Instance, Instance];
    newerBuild();
    const upgraded = await harness.request(reconciler.upgradeInstance, { ...current, version: '9.0' });
    await harness.jobs.ended((upgraded as { jobId: string }).jobId);
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'deleting');
    const { jobId } = await harness.request(reconciler.deleteInstance, deleted);
    await harness.jobs.delivered(jobId);

    const change = (one: Instance, version: string, restartsPods: boolean) => ({
      cid: one.cid,
      osid: one.osid,
      current: { version: '8.1', rendererVersion: 1, image: expect.any(String) },
      target: { version, rendererVersion: 2, image: expect.any(String) },
      changes: true,
      restartsPods,
    });
    const deleting = { cid: deleted.cid, osid: deleted.osid, reason: 'Deleting', message: expect.any(String) };
    const counts = { changing: 2, upToDate: 1, blocked: 1 };
    expect(await plan({ version: '9.0' })).toEqual({
      type,
      rendererVersion: 2,
      counts,
      instances: [change(first, '9.0', true), change(second, '9.0', true)],
      blocked: [deleting],
      nextCursor: null,
    });
    const page = await plan({ limit: 1 });
    expect(page).toMatchObject({ counts, instances: [change(first, '8.1', false)], blocked: [] });
    const rest = await plan({ cursor: page.nextCursor ?? '' });
    expect(rest).toMatchObject({ instances: [change(second, '8.1', false)], blocked: [deleting], nextCursor: null });

    const older = { osid: current.osid, reason: 'Refused', message: expect.stringContaining('older than') };
    expect((await plan({ version: '8.1' })).blocked).toMatchObject([older, { reason: 'Deleting' }]);
    await expect(plan({ version: '10' })).rejects.toMatchObject({ code: 'request.invalid' });
    expect(await plan({}, { tenant: 'bbbbb' })).toMatchObject({ counts: { changing: 0, upToDate: 0, blocked: 0 } });
    expect(await harness.sql('SELECT 1 FROM upgrade_wave')).toEqual([]);
    await harness.finish(jobId);
  });

  it('keeps to its budget, in order, with one job per instance', async () => {
    const [first, second, third] = (await create(3)) as [Instance, Instance, Instance];
    newerBuild();
    stall();
    const { id, ...accepted } = await start({ version: '9.0', maxUnavailable: 2 });
    expect(accepted).toMatchObject({ state: 'running', version: '9.0', rendererVersion: 2, counts: { pending: 3 } });
    const begun = await running(id, 2);
    expect(begun.instances.map(({ osid, state }) => [osid, state])).toEqual([
      [first.osid, 'running'],
      [second.osid, 'running'],
      [third.osid, 'pending'],
    ]);
    expect(instanceOf(begun, third)).toMatchObject({
      planned: { from: { version: '8.1', rendererVersion: 1 }, to: { version: '9.0', rendererVersion: 2 } },
      jobId: null,
    });
    await finish(begun, second);
    const next = await when(id, ({ counts }) => counts.completed === 1 && counts.running === 2);
    await finish(next, third);
    await finish(next, first);
    expect(await ended(id)).toMatchObject({
      state: 'completed',
      reason: null,
      counts: { upToDate: 0, pending: 0, running: 0, completed: 3, failed: 0, skipped: 0 },
      completedAt: expect.any(String),
    });
    for (const one of made) {
      expect(await specOf(one)).toEqual({ renderer: 2, version: '9.0' });
      expect(await upgradeJobs(one)).toHaveLength(1);
    }
  });

  it('stops at a failure that it names, and resumes with the failed instance', async () => {
    const [first, second, third] = (await create(3)) as [Instance, Instance, Instance];
    newerBuild();
    stall();
    const { id } = await start({ maxUnavailable: 2 });
    const begun = await running(id, 2);
    const job = jobOf(begun, first);
    await harness.jobs.delivered(job);
    await overdue(job);
    const failed = await ended(id);
    expect(failed).toMatchObject({
      state: 'failed',
      reason: 'InstanceFailed',
      message: expect.stringMatching(new RegExp(`^${first.osid} of cluster abc was not upgraded \\(job ${job}\\): `)),
      counts: { pending: 1, running: 1, failed: 1 },
    });
    await finish(failed, second);
    expect(await show(id)).toMatchObject({ state: 'failed', counts: { pending: 1, completed: 1, failed: 1 } });

    expect(await harness.request(reconciler.resumeUpgradeWave, { id })).toMatchObject({ resumed: true });
    const resumed = await running(id, 2);
    expect(jobOf(resumed, first)).not.toBe(job);
    await finish(resumed, first);
    await finish(resumed, third);
    expect(await ended(id)).toMatchObject({ state: 'completed', message: null, counts: { completed: 3, failed: 0 } });
    expect(await upgradeJobs(third)).toHaveLength(1);
  });

  it('fails when the job of an instance is cancelled, and completes with the version and the renderer that the cancellation keeps', async () => {
    const [one] = (await create(1)) as [Instance];
    newerBuild();
    stall();
    const { id } = await start();
    const job = jobOf(await running(id, 1), one);
    await harness.jobs.delivered(job);
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.request(reconciler.cancelJob, { id: job });
    const failed = await ended(id);
    expect(instanceOf(failed, one)).toMatchObject({ state: 'failed', jobId: job, reason: 'Cancelled' });
    await harness.request(reconciler.resumeUpgradeWave, { id });
    expect(await ended(id)).toMatchObject({ state: 'completed' });
    expect(await specOf(one)).toMatchObject({ renderer: 2 });
  });

  it('starts nothing more after its cancellation, and running jobs go on', async () => {
    const [first, second] = (await create(2)) as [Instance, Instance];
    newerBuild();
    stall();
    const { id } = await start();
    const begun = await running(id, 1);
    const cancel = () => harness.request(reconciler.cancelUpgradeWave, { id });
    expect(await cancel()).toMatchObject({ cancelled: true, state: 'cancelled' });
    await finish(begun, first);
    const cancelled = await show(id);
    expect(cancelled).toMatchObject({ state: 'cancelled', counts: { completed: 1, skipped: 1 } });
    expect(instanceOf(cancelled, second)).toMatchObject({ reason: 'Cancelled', jobId: null });
    expect(await specOf(second)).toMatchObject({ renderer: 1 });
    expect(await cancel()).toMatchObject({ cancelled: false, state: 'cancelled' });
    expect(await harness.request(reconciler.resumeUpgradeWave, { id })).toMatchObject({ resumed: false });
  });

  it('follows changes of users: updates, upgrades and deletions of its instances', async () => {
    const [updated, deleted, upgraded, gone, last] = (await create(5)) as [
      Instance,
      Instance,
      Instance,
      Instance,
      Instance,
    ];
    newerBuild();
    stall();
    const { id } = await start({ maxUnavailable: 2 });
    const begun = await running(id, 2);
    for (const one of [updated, deleted]) await harness.jobs.delivered(jobOf(begun, one));
    // A later build does not change the target of what starts from now on.
    newerBuild('9.1');
    const update = (one: Instance, cpuLimitMc: number) =>
      harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc } });
    const { jobId } = (await update(updated, 600)) as { jobId: string };
    expect(jobOf(await show(id), updated)).toBe(jobId);
    harness.agent.onBundle = (bundle) =>
      bundle.osid === updated.osid ? harness.agent.report(bundle, 'applying') : harness.agent.reportSuccess(bundle);
    const own = (await harness.request(reconciler.upgradeInstance, upgraded)) as { jobId: string };
    await harness.jobs.ended(own.jobId);
    await update(last, 700);
    await remove(gone);
    await remove(deleted);
    const rest = await when(id, ({ counts }) => counts.pending === 0 && counts.running === 1);
    expect(rest.counts).toMatchObject({ completed: 2, skipped: 2 });
    expect(instanceOf(rest, deleted)).toMatchObject({ state: 'skipped', reason: 'Deleting' });
    expect(instanceOf(rest, gone)).toMatchObject({ state: 'skipped', reason: 'Deleted', jobId: null });
    expect(instanceOf(rest, upgraded)).toMatchObject({ state: 'completed', jobId: null });
    await finish(rest, updated);
    expect(await ended(id)).toMatchObject({ state: 'completed', counts: { completed: 3, skipped: 2 } });
    expect(await specOf(updated)).toMatchObject({ renderer: 2 });
    expect(await specOf(upgraded)).toMatchObject({ renderer: 3 });
    expect(await specOf(last)).toMatchObject({ renderer: 2 });
    expect(await harness.request(reconciler.showInstance, last)).toMatchObject({ cpuLimitMc: 700 });
  });

  it('upgrades instances that were not healthy last; the job of a disconnected cluster uses the budget', async () => {
    const [absent, next] = (await create(2, away)) as [Instance, Instance];
    const [connected] = (await create(1)) as [Instance];
    newerBuild();
    const { id } = await start();
    const waiting = await when(id, ({ counts }) => counts.completed === 1 && counts.running === 1);
    expect(waiting.instances.map(({ osid }) => osid)).toEqual([connected.osid, absent.osid, next.osid]);
    const { job } = await harness.jobs.when(jobOf(waiting, absent), ({ seq }) => seq > 0);
    expect(job).toMatchObject({ type: 'service.upgrade', reason: 'AgentAbsent' });
    expect(instanceOf(waiting, next)).toMatchObject({ state: 'pending' });
    for (const one of [absent, next]) await remove(one);
    expect(await ended(id)).toMatchObject({ state: 'completed', counts: { completed: 1, skipped: 2 } });
  });

  it('runs once per type, is listed newest first, and belongs to its account', async () => {
    await create(1);
    newerBuild();
    stall();
    const idempotency = { key: 'one', requestHash: 'a' };
    const { id } = await harness.request(reconciler.createUpgradeWave, { type, idempotency });
    expect(await harness.request(reconciler.createUpgradeWave, { type, idempotency })).toMatchObject({ id });
    await expect(start()).rejects.toMatchObject({ code: 'upgrade.running', details: { upgradeId: id } });
    await expect(start({ type: 'nonsense' })).rejects.toMatchObject({ code: 'type.not_found' });
    const other = await start({ type: 'postgresql' });
    expect(await ended(other.id)).toMatchObject({ state: 'completed', instances: [] });
    const list = (cursor?: string, by = {}) => harness.request(reconciler.listUpgradeWaves, { limit: 1, cursor }, by);
    const page = await list();
    expect(page.upgrades).toMatchObject([{ id: other.id, type: 'postgresql' }]);
    expect(await list(page.nextCursor ?? '')).toMatchObject({ upgrades: [{ id }], nextCursor: null });
    const by = { tenant: 'bbbbb' };
    expect(await list(undefined, by)).toEqual({ upgrades: [], nextCursor: null });
    const foreign = [
      harness.request(reconciler.showUpgradeWave, { id, limit: 1 }, by),
      harness.request(reconciler.cancelUpgradeWave, { id }, by),
      harness.request(reconciler.resumeUpgradeWave, { id }, by),
    ];
    for (const refused of foreign) await expect(refused).rejects.toMatchObject({ code: 'upgrade.not_found' });
    expect(await show(id)).toMatchObject({ state: 'running' });
  });

  it('is run by two replicas together, without deadlocks and with one job per instance', async () => {
    await create(12);
    newerBuild();
    let [open, most] = [0, 0];
    harness.agent.onBundle = async (bundle) => {
      open += 1;
      most = Math.max(most, open);
      await harness.agent.report(bundle, 'applying');
      open -= 1; // the last report ends the job, and another instance may start
      await harness.agent.reportSuccess(bundle);
    };
    const { id } = await start({ maxUnavailable: 3 });
    expect(await ended(id)).toMatchObject({ state: 'completed', counts: { completed: 12 } });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
    for (const one of made) expect(await upgradeJobs(one)).toHaveLength(1);
    const { deadlocks } = await harness.row<{ deadlocks: number }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toBe(0);
  });

  it('is deleted with its instances after its retention', async () => {
    await create(1);
    newerBuild();
    const { id } = await start();
    await ended(id);
    const applyRetention = () => harness.replicas[0]?.app.get(Retention, { strict: false }).run();
    await applyRetention();
    expect(await show(id)).toMatchObject({ counts: { completed: 1 } });
    await harness.sql(`UPDATE upgrade_wave SET completed_at = now() - interval '31 days'`);
    await applyRetention();
    await expect(show(id)).rejects.toMatchObject({ code: 'upgrade.not_found' });
    expect(await harness.sql('SELECT 1 FROM upgrade_wave_instance')).toEqual([]);
  });
});
