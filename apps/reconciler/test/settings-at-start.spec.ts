import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, startHarness } from './harness.js';
import { restoreSteps } from './restore-steps.js';

describe('settings that a server reads only when it starts', () => {
  let harness: Harness;
  let one: Instance;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());
  beforeEach(async () => {
    one = await harness.create('postgresql');
  });
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const stall = () => (harness.agent.onBundle = () => Promise.resolve());
  const jobOf = (response: object): string => (response as { jobId: string }).jobId;
  const set = async (values: Record<string, string>): Promise<string> =>
    jobOf(await harness.request(reconciler.setAdvancedConfig, { ...one, values }));
  const update = async (cpuLimitMc: number): Promise<string> =>
    jobOf(await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc } }));
  /** The time of the restart of the newest revision. */
  const restartedAt = async (): Promise<string | null> =>
    (
      await harness.row<{ at: string | null }>(
        `SELECT r.spec->>'restartedAt' AS at FROM instance i
         JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision WHERE i.osid = $1`,
        [one.osid],
      )
    ).at;

  it('restart the pods when they change, and are named in the log of the job', async () => {
    const job = await set({ max_connections: '200', shared_buffers: '256MB', work_mem: '8MB' });
    await harness.jobs.ended(job);
    const at = await restartedAt();
    expect(at).toEqual(expect.any(String));
    expect(harness.jobs.linesOf(job).join()).toContain(
      'PostgreSQL reads shared_buffers, max_connections only when it starts, so its pods are replaced.',
    );
    await harness.jobs.ended(await set({ max_connections: '' }));
    expect(await restartedAt()).not.toBe(at);
  });

  it('restart no pod when others change, nor with the value that they have already', async () => {
    const job = await set({ work_mem: '8MB', max_connections: '100', shared_buffers: '128MB' });
    await harness.jobs.ended(job);
    const again = await set({ shared_buffers: '131072kB', work_mem: '8192kB' });
    await harness.jobs.ended(again);
    expect(await restartedAt()).toBeNull();
    const reloaded =
      'CloudNativePG reloads work_mem after the apply without reporting it, so the job does not wait for it.';
    expect(harness.jobs.linesOf(job).join()).toContain(reloaded);
    expect(harness.jobs.linesOf(again).join()).not.toContain('reloads');
  });

  it('keep their restart in later changes', async () => {
    await harness.jobs.ended(await set({ max_connections: '200' }));
    const at = await restartedAt();
    await harness.jobs.ended(await update(700));
    await harness.jobs.ended(await set({ work_mem: '8MB' }));
    expect(await restartedAt()).toBe(at);
  });

  it('restart the pods again when their change is cancelled', async () => {
    stall();
    const job = await set({ max_connections: '200' });
    await harness.jobs.delivered(job);
    const at = await restartedAt();
    const { message } = await harness.request(reconciler.cancelJob, { id: job });
    await harness.finish(/job (\S+) restores/.exec(message)?.[1] ?? '');
    expect([null, at]).not.toContain(await restartedAt());
  });

  it('restart the pods when their change waits behind an action', async () => {
    stall();
    const { jobId: restart } = await harness.request(reconciler.restartInstance, one);
    await harness.jobs.delivered(restart);
    const at = await restartedAt();
    const queued = await set({ max_connections: '200' });
    await harness.finish(restart);
    await harness.finish(queued);
    expect([null, at]).not.toContain(await restartedAt());
  });

  it('may be others in a diverged cluster: the spec of the plane restarts the pods, that of the cluster does not', async () => {
    const { accept, diverge } = restoreSteps(() => harness);
    one = await diverge('postgresql');
    await accept(one, 'cluster');
    expect(await restartedAt()).toBeNull();
    one = await diverge('postgresql');
    await accept(one, 'plane');
    expect(await restartedAt()).toEqual(expect.any(String));
  });

  it('do not exist for a type without settings', async () => {
    one = await harness.create('valkey');
    await harness.jobs.ended(await update(700));
    expect(await restartedAt()).toBeNull();
  });
});
