import { describe, expect, it } from '@jest/globals';
import { DELETE_ADDON } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { unpackObjects } from '@runos/kube-objects';
import { addonSteps, apply, detected, missing, remove } from './addon-steps.js';

const steps = addonSteps();

describe('an add-on that RunOS manages', () => {
  it('is removed when nothing needs it', async () => {
    const { agent, jobs } = steps.harness;
    await steps.installed();
    const made = await steps.create('postgresql');
    await jobs.ended(made.jobId);
    await expect(steps.uninstall()).rejects.toMatchObject({
      code: 'service.in_use',
      details: { instances: 1, osids: [made.osid] },
    });
    const { jobId: deletion } = await steps.harness.request(reconciler.deleteInstance, {
      cid: steps.harness.cid,
      type: 'postgresql',
      id: made.id,
    });
    await jobs.ended(deletion);

    const replies = [{ accepted: true, done: false }];
    agent.onAddon = () => replies.shift() ?? { accepted: true, done: true };
    const { jobId } = await steps.uninstall();
    expect((await jobs.ended(jobId)).job).toMatchObject({ status: 'completed', type: 'addon.remove' });
    expect(agent.addonInstructions).toEqual([apply, remove, remove]);
    await agent.reportAddons([missing]);
    expect(await steps.show()).toMatchObject({ state: 'missing', desired: null });
    await expect(steps.uninstall()).rejects.toMatchObject({ code: 'addon.missing' });
  });

  it('is removed with its manifest, by which the agent finds the objects whose record is deleted', async () => {
    const { agent, jobs } = steps.harness;
    await steps.installed();
    const bodies: unknown[] = [];
    agent.onAddon = (_, body) => {
      bodies.push(body);
      return { accepted: true, done: true };
    };
    await jobs.ended((await steps.uninstall()).jobId);
    const [body] = bodies.map((each) => DELETE_ADDON.input.parse(each));
    expect(unpackObjects(body?.manifest?.objectsGz ?? '', body?.manifest?.digest ?? '')).toMatchObject([
      { kind: 'Namespace', metadata: { name: 'cnpg-system' } },
    ]);
  });

  it('that lost labels is removed, and the job names what the agent has left', async () => {
    const { agent, jobs } = steps.harness;
    await steps.installed();
    const reason = 'Not deleted, because the labels of RunOS were removed: ClusterRole cnpg-manager.';
    agent.onAddon = () => ({ accepted: true, done: true, reason });
    const { jobId } = await steps.uninstall();
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(jobs.linesOf(jobId)).toContain(`cloudnative-pg is removed. ${reason}`);
  });

  it('is installed again when its removal fails, because others use it', async () => {
    const { agent, jobs } = steps.harness;
    await steps.installed();
    agent.onAddon = (type) =>
      type === 'APPLY_ADDON'
        ? { accepted: true, done: true }
        : { accepted: false, done: false, reason: 'Cluster team/pg1 uses it' };
    const { jobId } = await steps.uninstall();
    await steps.progressOf(jobId, /Cluster team\/pg1 uses it/);
    await expect(steps.create('postgresql')).rejects.toMatchObject({
      code: 'conflict.deleting',
      message: expect.stringMatching(
        new RegExp(
          `by job ${jobId}.*Cluster team/pg1 uses it\\. To keep it, .* POST /clusters/.*/addons/cloudnative-pg`,
        ),
      ),
      details: { jobId },
    });
    await steps.harness.sql(`UPDATE job_ref SET deadline_at = now() WHERE job_id = $1`, [jobId]);
    await steps.harness.startReplica();
    expect((await jobs.ended(jobId)).job).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('Cluster team/pg1 uses it'),
    });
    const restored = new Promise<void>((resolve) => {
      agent.onAddon = (type) => {
        if (type === 'APPLY_ADDON') resolve();
        return { accepted: type === 'APPLY_ADDON', done: true };
      };
    });
    await steps.harness.sql('UPDATE cluster_addon SET next_attempt_at = now()');
    await steps.harness.startReplica();
    await restored;
    expect(await steps.show()).toMatchObject({ desired: 'installed', jobId: null });
  });
});

describe('an operator of a user', () => {
  it('is used and never changed', async () => {
    await steps.harness.agent.reportAddons([detected({ ours: false })]);
    for (const request of [steps.install, steps.uninstall]) {
      await expect(request()).rejects.toMatchObject({
        code: 'addon.present',
        message: expect.stringContaining('CloudNativePG 1.27.0'),
      });
    }
    await steps.harness.jobs.ended((await steps.create('postgresql')).jobId);
    expect(steps.harness.agent.addonInstructions).toEqual([]);
  });

  it('that came before the first installation is used, and its job completes', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    agent.onAddon = () => ({ accepted: false, done: false, reason: 'it was not installed by RunOS' });
    const made = await steps.create('postgresql');
    await jobs.when(made.jobId, ({ job }) => job.reason === 'AddonNotReady');
    await agent.reportAddons([detected({ ours: false, version: '1.26.0' })]);
    expect((await jobs.ended(made.jobId)).job.status).toBe('completed');
    expect(await steps.show()).toMatchObject({ state: 'present', owner: 'user' });
  });
});
