import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, useHarness } from './harness.js';
import { addNewerRenderer } from '@runos/service-types/testing';

describe('an upgrade', () => {
  let harness: Harness;
  let takeAway: () => void = () => undefined;
  useHarness((started) => (harness = started));

  const type = 'valkey';
  let one: Instance;
  /** Each instance is older than renderer 2, which the later build has. */
  beforeEach(async () => {
    one = await harness.create(type);
    takeAway = addNewerRenderer(type, '9.0');
  });
  afterEach(() => {
    takeAway();
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const plan = (version?: string) => harness.request(reconciler.planInstanceUpgrade, { ...one, version });
  const upgrade = (options: { version?: string; ifGeneration?: number } = {}) =>
    harness.request(reconciler.upgradeInstance, { ...one, ...options });
  const jobOf = (response: object): string => (response as { jobId: string }).jobId;
  const show = () => harness.request(reconciler.showInstance, one);

  it('moves to the newest renderer and keeps the version', async () => {
    const image = expect.stringContaining('8.1');
    expect(await plan()).toEqual({
      current: { version: '8.1', rendererVersion: 1, image },
      target: { version: '8.1', rendererVersion: 2, image },
      changes: true,
      restartsPods: false,
    });
    expect(await show()).toMatchObject({ generation: 1 });
    const { job } = await harness.jobs.ended(jobOf(await upgrade()));
    expect(job).toMatchObject({ type: 'service.upgrade', status: 'completed' });
    expect(await show()).toMatchObject({ version: '8.1', generation: 2, status: 'healthy' });
    expect(await upgrade()).toEqual({ osid: one.osid, noOp: true, message: expect.any(String) });
    expect(await plan()).toMatchObject({ current: { rendererVersion: 2 }, changes: false, restartsPods: false });
  });

  it('moves to a newer version and never back', async () => {
    expect(await plan('9.0')).toMatchObject({
      target: { version: '9.0', rendererVersion: 2, image: expect.stringMatching(/:9\.0$/) },
      changes: true,
      restartsPods: true,
    });
    await harness.jobs.ended(jobOf(await upgrade({ version: '9.0' })));
    expect(await show()).toMatchObject({ version: '9.0', status: 'healthy' });
    for (const refused of [() => upgrade({ version: '8.1' }), () => plan('8.1'), () => upgrade({ version: '10' })]) {
      await expect(refused()).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'version', message: expect.stringMatching(/older than|not offered/) }] },
      });
    }
    expect(await show()).toMatchObject({ version: '9.0', generation: 2 });
  });

  it('is refused for a stale generation', async () => {
    await expect(upgrade({ ifGeneration: 7 })).rejects.toMatchObject({ code: 'conflict.stale' });
  });

  it('is a rollout: it waits behind a started restart, and a newer update of it keeps its renderer', async () => {
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    const { jobId: restart } = await harness.request(reconciler.restartInstance, one);
    await harness.jobs.delivered(restart);
    const queued = jobOf(await upgrade({ version: '9.0' }));
    expect(await plan()).toMatchObject({ current: { version: '9.0', rendererVersion: 2 }, changes: false });
    const update = jobOf(await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 } }));
    expect((await harness.jobs.ended(queued)).job).toMatchObject({ reason: 'Superseded', supersededBy: update });
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    expect((await harness.finish(restart)).job.status).toBe('completed');
    expect((await harness.jobs.ended(update)).job.status).toBe('completed');
    expect(await show()).toMatchObject({ version: '9.0', cpuLimitMc: 600, status: 'healthy' });
    expect(await plan()).toMatchObject({ current: { rendererVersion: 2 }, changes: false });
  });

  /** Cancels a job. Resolves with the response when the rollback has ended. */
  const cancel = async (id: string) => {
    const response = await harness.request(reconciler.cancelJob, { id });
    const [rollback = ''] = /[0-9a-f-]{36}/.exec(response.message) ?? [];
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    expect((await harness.finish(rollback)).job.status).toBe('completed');
    return response;
  };

  it('that was sent keeps its version and its renderer when it is cancelled, and reports that', async () => {
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    const job = jobOf(await upgrade({ version: '9.0' }));
    await harness.jobs.delivered(job);
    const kept = 'restores the previous revision, except version, rendererVersion, which never go back.';
    expect(await cancel(job)).toMatchObject({ cancelled: true, message: expect.stringContaining(kept) });
    expect(harness.jobs.linesOf(job).at(-1)).toBe(`Cancelled by ada@example.com. The rollback ${kept}`);
    expect(await plan()).toMatchObject({ current: { version: '9.0', rendererVersion: 2 }, changes: false });
    expect(await show()).toMatchObject({ version: '9.0', status: 'healthy' });
  });

  it('that was sent keeps its version when the update that contains it is cancelled; the settings go back', async () => {
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    const { jobId: restart } = await harness.request(reconciler.restartInstance, one);
    await harness.jobs.delivered(restart);
    await upgrade({ version: '9.0' });
    const update = jobOf(await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 600 } }));
    await harness.finish(restart);
    await harness.jobs.delivered(update);
    await cancel(update);
    expect(await show()).toMatchObject({ version: '9.0', cpuLimitMc: 500 });
  });

  it('that was not sent is cancelled as a whole', async () => {
    await harness.agent.disconnect();
    const job = jobOf(await upgrade({ version: '9.0' }));
    const { message } = await harness.request(reconciler.cancelJob, { id: job });
    expect(message).toMatch(/restores the previous revision\.$/);
    await harness.agent.connect();
    expect(await plan()).toMatchObject({ current: { version: '8.1', rendererVersion: 1 } });
  });

  it('is not planned for another account', async () => {
    const other = harness.request(reconciler.planInstanceUpgrade, one, { tenant: 'bbbbb' });
    await expect(other).rejects.toMatchObject({ code: 'cluster.not_found' });
  });
});
