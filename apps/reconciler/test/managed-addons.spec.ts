import { describe, expect, it } from '@jest/globals';
import { bundlesCapability } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { Wakeups } from '../src/work/wakeups.js';
import { addonSteps, apply, capabilities, detected, missing, name } from './addon-steps.js';

const steps = addonSteps();

describe('an add-on that RunOS manages', () => {
  it('is installed on request: its job ends when the agent reports it as ready', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    expect(await steps.show()).toMatchObject({ state: 'missing', installable: true, desired: null });
    const { jobId } = await steps.install();
    const waiting = await steps.progressOf(jobId, /waiting until cloudnative-pg is ready/);
    expect(waiting.job).toMatchObject({ type: 'addon.install', currentStep: 'wait-ready', osid: null });
    await agent.reportAddons([detected({ ready: false })]);
    expect(await steps.show()).toMatchObject({ state: 'present', owner: 'runos', desired: 'installed', jobId });
    expect(jobs.get(jobId)?.job.completedAt).toBeNull();
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(agent.addonInstructions).toEqual([apply]);
  });

  it('is applied again while it is not ready, because an object may be deleted before it ever was', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    const { jobId } = await steps.install();
    await steps.progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([missing]);
    const scheduled = 'SELECT (extract(epoch FROM next_attempt_at - now()))::float8 AS s FROM cluster_addon';
    const { s } = await steps.harness.row<{ s: number }>(scheduled);
    expect(s).toBeGreaterThan(30);
    expect(s).toBeLessThanOrEqual(60);
    await steps.harness.sql('UPDATE cluster_addon SET next_attempt_at = now()');
    for (const { app } of steps.harness.replicas) app.get(Wakeups).wake('addons');
    await waitUntil(() => agent.addonInstructions.length === 2, { because: () => 'it was not applied again' });
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(await steps.harness.row(scheduled)).toEqual({ s: null });
  });

  it('is not sent to an agent in another Kubernetes cluster whose connection is not reported yet', async () => {
    const { agent, jobs } = steps.harness;
    agent.dial({ capabilities, clusterUid: 'uid-2' });
    const { jobId } = await steps.install();
    await jobs.when(jobId, ({ job }) => job.reason === 'AgentAbsent');
    expect(agent.addonInstructions).toEqual([]);
  });

  it('is installed by the first step of the job of an instance that needs it', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    const made = await steps.create('postgresql');
    const waiting = await jobs.when(made.jobId, ({ job }) => job.reason === 'AddonNotReady');
    expect(waiting.job).toMatchObject({ currentStep: 'install-addon', status: 'running' });
    expect(waiting.workItems.map(({ name: step, status }) => `${step} ${status}`)).toEqual([
      'validate completed',
      'render completed',
      'install-addon running',
      'deliver pending',
      'apply pending',
      'wait-ready pending',
    ]);
    const { cid } = steps.harness;
    expect(
      await steps.harness.request(reconciler.showInstance, { cid, type: 'postgresql', id: made.id }),
    ).toMatchObject({
      status: 'pending',
      reason: 'AddonNotReady',
      message: `waiting until add-on ${name} is ready`,
    });
    const { services } = await steps.harness.request(reconciler.listInstances, { cid, limit: 10 });
    expect(services).toMatchObject([{ id: made.id, reason: 'AddonNotReady' }]);
    expect(jobs.linesOf(made.jobId)).toContain(
      'The cluster does not have CloudNativePG, so version 1.27.0 is installed first.',
    );
    const second = await steps.create('postgresql');
    await jobs.when(second.jobId, ({ job }) => job.reason === 'AddonNotReady');
    expect(jobs.linesOf(second.jobId)).toContain('CloudNativePG 1.27.0 is being installed in the cluster.');
    expect(agent.stored.has(made.osid)).toBe(false);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(second.jobId)).job.status).toBe('completed');
    expect(jobs.linesOf(made.jobId).join()).not.toContain('being installed');
    expect((await jobs.ended(made.jobId)).job.status).toBe('completed');
    expect(agent.stored.has(made.osid)).toBe(true);
    expect(agent.addonInstructions).toEqual([apply]);
    const other = await steps.create('valkey');
    expect((await jobs.ended(other.jobId)).workItems.map((item) => item.name)).not.toContain('install-addon');
  });

  it('is left to a replica of a newer build if only that build has it, and delays no other', async () => {
    await steps.harness.agent.reportAddons([missing]);
    await steps.harness.sql(
      `INSERT INTO cluster_addon (cluster_id, name, aid, desired, version, next_attempt_at)
       SELECT id, 'newer-addon', aid, 'installed', '1', now() FROM cluster WHERE cid = $1`,
      [steps.harness.cid],
    );
    const { jobId } = await steps.install();
    await steps.progressOf(jobId, /waiting until/);
    const problem = 'waiting for a replica of the control plane that has add-on newer-addon';
    const isLeft = async () =>
      (await steps.harness.sql('SELECT 1 FROM cluster_addon WHERE problem = $1', [problem])).length === 1;
    await waitUntil(isLeft, { because: () => 'the add-on was not left' });
  });

  it('is tried again when the agent refuses, and its job names the reason', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    agent.onAddon = () => ({ accepted: false, done: false, reason: 'clusterroles "cnpg-manager" is forbidden' });
    const { jobId } = await steps.install();
    await steps.progressOf(jobId, /refused it: clusterroles "cnpg-manager" is forbidden/);
    expect(await steps.show()).toMatchObject({ problem: expect.stringContaining('is forbidden') });
    agent.onAddon = () => ({ accepted: true, done: true });
    await steps.progressOf(jobId, /waiting until/);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(await steps.show()).toMatchObject({ problem: null });
  });

  it('waits for a disconnected agent', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    await agent.disconnect();
    const { jobId } = await steps.install();
    await jobs.when(jobId, ({ job }) => job.reason === 'AgentAbsent');
    expect(agent.addonInstructions).toEqual([]);
    await agent.connect({ capabilities });
    await steps.progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
  });

  it('is upgraded from an older version of RunOS', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([detected({ version: '1.26.1' })]);
    const { jobId } = await steps.install();
    await steps.progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([detected({ ready: false })]);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(await steps.show()).toMatchObject({ version: '1.27.0' });
  });

  it('shows what the agent has kept at an upgrade', async () => {
    const { agent, jobs } = steps.harness;
    const reason = 'CustomResourceDefinition poolers.postgresql.cnpg.io is kept. 1 custom resource of it exists.';
    await agent.reportAddons([missing]);
    agent.onAddon = () => ({ accepted: true, done: true, reason });
    const { jobId } = await steps.install();
    await jobs.when(jobId, ({ logs }) => logs.some(({ message }) => message === reason));
    expect(await steps.show()).toMatchObject({ problem: reason });
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
  });

  it.each([
    ['it', missing],
    ['a part of it', detected({ ready: false })],
  ])('is applied again when a user deletes %s', async (_, report) => {
    await steps.installed();
    const again = new Promise<void>((resolve) => {
      steps.harness.agent.onAddon = () => {
        resolve();
        return { accepted: true, done: true };
      };
    });
    await steps.harness.agent.reportAddons([report]);
    await again;
    expect(steps.harness.agent.addonInstructions).toEqual([apply, apply]);
  });

  it('shows which object is damaged, as an event of the instances that need it, until it is repaired', async () => {
    const { agent, cid, jobs } = steps.harness;
    await steps.installed();
    const made = await steps.create('postgresql');
    await jobs.ended(made.jobId);
    const problem = 'Service cnpg-system/cnpg-webhook-service was deleted.';
    await agent.reportAddons([detected({ ready: false, problem })]);
    expect(await steps.show()).toMatchObject({ problem });
    await waitUntil(() => agent.addonInstructions.length === 2, { because: () => 'it was not applied again' });
    await agent.reportAddons([detected()]);
    expect(await steps.show()).toMatchObject({ problem: null });
    const { events } = await steps.harness.request(reconciler.listInstanceEvents, {
      cid,
      type: 'postgresql',
      id: made.id,
      limit: 10,
    });
    expect(events.map(({ type, message }) => [type, message])).toEqual([
      ['AddonRepaired', `Add-on ${name} has no damaged objects any more.`],
      ['AddonDamaged', `Add-on ${name}: ${problem} RunOS applies it again.`],
    ]);
  });

  it('of an earlier control plane is not replaced by the newer version without a request', async () => {
    const { agent, jobs } = steps.harness;
    await steps.installed();
    await steps.harness.sql(`UPDATE cluster_addon SET version = '1.26.1', applied_version = '1.26.1'`);
    await agent.reportAddons([missing]);
    await waitUntil(async () => typeof (await steps.show())?.problem === 'string', { because: () => 'no problem' });
    expect(await steps.show()).toMatchObject({
      problem: expect.stringContaining('not of 1.26.1; request its installation'),
    });
    expect(agent.addonInstructions).toEqual([apply]);
    const { jobId } = await steps.install();
    await steps.progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
  });

  it('of CRDs alone has the version that was applied', async () => {
    await steps.installed();
    await steps.harness.agent.reportAddons([detected({ version: null })]);
    expect(await steps.show()).toMatchObject({ state: 'present', owner: 'runos', version: '1.27.0' });
  });

  it('is replaced by a newer request, which supersedes the job', async () => {
    const { agent, jobs } = steps.harness;
    await agent.reportAddons([missing]);
    const first = await steps.install();
    await steps.progressOf(first.jobId, /waiting until/);
    const second = await steps.install();
    expect((await jobs.ended(first.jobId)).job).toMatchObject({ status: 'cancelled', supersededBy: second.jobId });
    await steps.progressOf(second.jobId, /waiting until/);
    const refused = await steps.harness.request(reconciler.cancelJob, { id: second.jobId });
    expect(refused).toMatchObject({ cancelled: false, message: expect.stringContaining('install or remove') });
  });

  it('is refused for unknown names, other accounts, and agents without the right', async () => {
    const { cid } = steps.harness;
    await expect(steps.harness.request(reconciler.installAddon, { cid, name: 'nope' })).rejects.toMatchObject({
      code: 'addon.not_found',
    });
    await expect(
      steps.harness.request(reconciler.installAddon, { cid, name }, { tenant: 'bbbbb' }),
    ).rejects.toMatchObject({
      code: 'cluster.not_found',
    });
    await steps.harness.agent.connect({ capabilities: [bundlesCapability] });
    await steps.harness.agent.reportAddons([missing]);
    await expect(steps.install()).rejects.toMatchObject({ code: 'addon.missing' });
  });
});
