import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { addNewerRenderer, addServiceType, beacon } from '@runos/service-types/testing';
import { type Harness, type Instance, useHarness } from './harness.js';

describe('a replica of an older build', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  const type = 'valkey';
  const unavailable = { code: 'unavailable', details: { retryAfterSeconds: expect.any(Number) } };
  const jobOf = (response: object): string => (response as { jobId: string }).jobId;
  let takeAway: () => void = () => undefined;
  let one: Instance;
  /** Each instance is pinned to a renderer and a version that only the newer build has. */
  beforeEach(async () => {
    takeAway = addNewerRenderer(type, '9.0');
    one = await harness.create(type, { version: '9.0' });
  });
  afterEach(() => takeAway());

  const update = () => ({ ...one, fields: { cpuLimitMc: 700 }, idempotency: { key: one.id, requestHash: 'update' } });

  it('refuses what needs the newer renderer as unavailable, and a repeated write is accepted elsewhere', async () => {
    takeAway();
    const refused = [
      () => harness.request(reconciler.planInstanceUpgrade, one),
      () => harness.request(reconciler.upgradeInstance, one),
      () => harness.request(reconciler.updateInstance, update()),
      () => harness.request(reconciler.restartInstance, one),
      () => harness.request(reconciler.planUpgradeWave, { type, limit: 10 }),
      () => harness.request(reconciler.createUpgradeWave, { type, maxUnavailable: 1 }),
    ];
    for (const request of refused) await expect(request()).rejects.toMatchObject(unavailable);
    expect(await harness.request(reconciler.showInstance, one)).toMatchObject({ version: '9.0', generation: 1 });
    takeAway = addNewerRenderer(type, '9.0');
    const accepted = await harness.request(reconciler.updateInstance, update());
    expect((await harness.jobs.ended(jobOf(accepted))).job.status).toBe('completed');
  });

  it('leaves deliveries to a replica that has the renderer', async () => {
    await harness.agent.disconnect();
    const { jobId } = await harness.request(reconciler.restartInstance, one);
    takeAway();
    await harness.agent.connect();
    const { job } = await harness.jobs.when(jobId, ({ job: { reason } }) => reason === 'RendererMissing');
    expect(job).toMatchObject({ status: 'running', progress: expect.stringContaining('renderer 2 of valkey 9.0') });
    takeAway = addNewerRenderer(type, '9.0');
    expect((await harness.jobs.ended(jobId)).job.status).toBe('completed');
  });

  it('ends a job, and leaves the queued one behind it to a replica that has the renderer', async () => {
    const onBundle = harness.agent.onBundle;
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying').catch(() => undefined);
    const { jobId: started } = await harness.request(reconciler.restartInstance, one);
    await harness.jobs.delivered(started);
    const updated = jobOf(await harness.request(reconciler.updateInstance, update()));
    const { jobId: last } = await harness.request(reconciler.restartInstance, one);
    takeAway();
    harness.agent.onBundle = onBundle;
    expect((await harness.finish(started)).job.status).toBe('completed');
    const left = await harness.jobs.when(updated, ({ job }) => job.reason === 'RendererMissing');
    expect(left.job).toMatchObject({
      status: 'pending',
      progress: expect.stringContaining('renderer 2 of valkey 9.0'),
    });
    takeAway = addNewerRenderer(type, '9.0');
    for (const id of [updated, last]) expect((await harness.jobs.ended(id)).job.status).toBe('completed');
    expect(await harness.request(reconciler.showInstance, one)).toMatchObject({ cpuLimitMc: 700, status: 'healthy' });
  });

  it('deletes, because that needs no renderer', async () => {
    takeAway();
    const { jobId } = await harness.request(reconciler.deleteInstance, one);
    expect((await harness.jobs.ended(jobId)).job.status).toBe('completed');
  });

  it('does not deny an instance of a type that it lacks', async () => {
    const removeType = addServiceType(beacon);
    const lamp = await harness.create('beacon');
    removeType();
    const refused = [
      () => harness.request(reconciler.showInstance, lamp),
      () => harness.request(reconciler.showInstanceCredentials, lamp),
      () => harness.request(reconciler.restartInstance, lamp),
    ];
    for (const request of refused) await expect(request()).rejects.toMatchObject(unavailable);
    const { jobId } = await harness.request(reconciler.deleteInstance, lamp);
    expect((await harness.jobs.ended(jobId)).job.status).toBe('completed');
  });
});
