import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addonsCapability, bundlesCapability, type DetectedAddon } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wakeups } from '../src/work/wakeups.js';
import { type Harness, startHarness } from './harness.js';

const capabilities = [bundlesCapability, addonsCapability];
const name = 'cloudnative-pg';
const apply = `APPLY_ADDON ${name}`;
const remove = `DELETE_ADDON ${name}`;
const manifest = `apiVersion: v1
kind: Namespace
metadata:
  name: cnpg-system
---
`;

let harness: Harness;
let addonManifests: string;
beforeAll(async () => {
  addonManifests = await mkdtemp(join(tmpdir(), 'addon-manifests-'));
  await mkdir(join(addonManifests, name));
  await writeFile(join(addonManifests, name, 'cnpg-1.27.0.yaml'), manifest);
});
afterAll(() => rm(addonManifests, { recursive: true }));
beforeEach(async () => {
  harness = await startHarness({ settings: { addonManifests }, connected: false });
  await harness.agent.connect({ capabilities });
}, 30_000);
afterEach(() => harness.stop());

const detected = (over: Partial<DetectedAddon> = {}): DetectedAddon => ({
  name,
  present: true,
  ours: true,
  version: '1.27.0',
  ready: true,
  ...over,
});
const missing = detected({ present: false, ours: false, version: null, ready: false });

const show = async () => {
  const { addons } = await harness.request(reconciler.listAddons, { cid: harness.cid });
  return addons.find((each) => each.name === name);
};
const install = () => harness.request(reconciler.installAddon, { cid: harness.cid, name });
const uninstall = () => harness.request(reconciler.removeAddon, { cid: harness.cid, name });
const create = (type: string) => harness.request(reconciler.createInstance, { cid: harness.cid, type, fields: {} });
const progressOf = (jobId: string, text: RegExp) =>
  harness.jobs.when(jobId, ({ job }) => text.test(job.progress ?? ''));

async function installed(): Promise<void> {
  await harness.agent.reportAddons([missing]);
  const { jobId } = await install();
  await progressOf(jobId, /waiting until cloudnative-pg is ready/);
  await harness.agent.reportAddons([detected()]);
  expect((await harness.jobs.ended(jobId)).job.status).toBe('completed');
}

describe('an add-on that RunOS manages', () => {
  it('is installed on request: its job ends when the agent reports it as ready', async () => {
    const { agent, jobs } = harness;
    await agent.reportAddons([missing]);
    expect(await show()).toMatchObject({ state: 'missing', installable: true, desired: null });
    const { jobId } = await install();
    const waiting = await progressOf(jobId, /waiting until cloudnative-pg is ready/);
    expect(waiting.job).toMatchObject({ type: 'addon.install', currentStep: 'wait-ready', osid: null });
    await agent.reportAddons([detected({ ready: false })]);
    expect(await show()).toMatchObject({ state: 'present', owner: 'runos', desired: 'installed', jobId });
    expect(jobs.get(jobId)?.job.completedAt).toBeNull();
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(agent.addonInstructions).toEqual([apply]);
  });

  it('is applied again while it is not ready, because an object may be deleted before it ever was', async () => {
    const { agent, jobs } = harness;
    await agent.reportAddons([missing]);
    const { jobId } = await install();
    await progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([missing]);
    const scheduled = 'SELECT (extract(epoch FROM next_attempt_at - now()))::float8 AS s FROM cluster_addon';
    const { s } = await harness.row<{ s: number }>(scheduled);
    expect(s).toBeGreaterThan(30);
    expect(s).toBeLessThanOrEqual(60);
    await harness.sql('UPDATE cluster_addon SET next_attempt_at = now()');
    for (const { app } of harness.replicas) app.get(Wakeups).wake('addons');
    await waitUntil(() => agent.addonInstructions.length === 2, {
      deadlineMs: 10_000,
      because: () => 'it was not applied again',
    });
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(await harness.row(scheduled)).toEqual({ s: null });
  });

  it('is installed by the first step of the job of an instance that needs it', async () => {
    const { agent, jobs } = harness;
    await agent.reportAddons([missing]);
    const made = await create('postgresql');
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
    expect(jobs.linesOf(made.jobId)).toContain(
      'The cluster does not have CloudNativePG, so version 1.27.0 is installed first.',
    );
    const second = await create('postgresql');
    await jobs.when(second.jobId, ({ job }) => job.reason === 'AddonNotReady');
    expect(jobs.linesOf(second.jobId)).toContain('CloudNativePG 1.27.0 is being installed in the cluster.');
    expect(agent.stored.has(made.osid)).toBe(false);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(second.jobId)).job.status).toBe('completed');
    expect(jobs.linesOf(made.jobId).join()).not.toContain('being installed');
    expect((await jobs.ended(made.jobId)).job.status).toBe('completed');
    expect(agent.stored.has(made.osid)).toBe(true);
    expect(agent.addonInstructions).toEqual([apply]);
    const other = await create('valkey');
    expect((await jobs.ended(other.jobId)).workItems.map((item) => item.name)).not.toContain('install-addon');
  });

  it('is left to a replica of a newer build if only that build has it, and delays no other', async () => {
    await harness.agent.reportAddons([missing]);
    await harness.sql(
      `INSERT INTO cluster_addon (cluster_id, name, aid, desired, version, next_attempt_at)
       SELECT id, 'newer-addon', aid, 'installed', '1', now() FROM cluster WHERE cid = $1`,
      [harness.cid],
    );
    const { jobId } = await install();
    await progressOf(jobId, /waiting until/);
    const problem = 'waiting for a replica of the control plane that has add-on newer-addon';
    const isLeft = async () =>
      (await harness.sql('SELECT 1 FROM cluster_addon WHERE problem = $1', [problem])).length === 1;
    await waitUntil(isLeft, { deadlineMs: 5_000, because: () => 'the add-on was not left' });
  });

  it('is tried again when the agent refuses, and its job names the reason', async () => {
    const { agent, jobs } = harness;
    await agent.reportAddons([missing]);
    agent.onAddon = () => ({ accepted: false, done: false, reason: 'clusterroles "cnpg-manager" is forbidden' });
    const { jobId } = await install();
    await progressOf(jobId, /refused it: clusterroles "cnpg-manager" is forbidden/);
    expect(await show()).toMatchObject({ problem: expect.stringContaining('is forbidden') });
    agent.onAddon = () => ({ accepted: true, done: true });
    await progressOf(jobId, /waiting until/);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(await show()).toMatchObject({ problem: null });
  });

  it('waits for a disconnected agent', async () => {
    const { agent, jobs } = harness;
    await agent.reportAddons([missing]);
    await agent.disconnect();
    const { jobId } = await install();
    await jobs.when(jobId, ({ job }) => job.reason === 'AgentAbsent');
    expect(agent.addonInstructions).toEqual([]);
    await agent.connect({ capabilities });
    await progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
  });

  it('is upgraded from an older version of RunOS', async () => {
    const { agent, jobs } = harness;
    await agent.reportAddons([detected({ version: '1.26.1' })]);
    const { jobId } = await install();
    await progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([detected({ ready: false })]);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
    expect(await show()).toMatchObject({ version: '1.27.0' });
  });

  it('shows what the agent has kept at an upgrade', async () => {
    const { agent, jobs } = harness;
    const reason = 'CustomResourceDefinition poolers.postgresql.cnpg.io is kept. 1 custom resource of it exists.';
    await agent.reportAddons([missing]);
    agent.onAddon = () => ({ accepted: true, done: true, reason });
    const { jobId } = await install();
    await jobs.when(jobId, ({ logs }) => logs.some(({ message }) => message === reason));
    expect(await show()).toMatchObject({ problem: reason });
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
  });

  it.each([
    ['it', missing],
    ['a part of it', detected({ ready: false })],
  ])('is applied again when a user deletes %s', async (_, report) => {
    await installed();
    const again = new Promise<void>((resolve) => {
      harness.agent.onAddon = () => {
        resolve();
        return { accepted: true, done: true };
      };
    });
    await harness.agent.reportAddons([report]);
    await again;
    expect(harness.agent.addonInstructions).toEqual([apply, apply]);
  });

  it('of an earlier control plane is not replaced by the newer version without a request', async () => {
    const { agent, jobs } = harness;
    await installed();
    await harness.sql(`UPDATE cluster_addon SET version = '1.26.1', applied_version = '1.26.1'`);
    await agent.reportAddons([missing]);
    await waitUntil(async () => typeof (await show())?.problem === 'string', {
      deadlineMs: 10_000,
      because: () => 'no problem',
    });
    expect(await show()).toMatchObject({ problem: expect.stringContaining('not of 1.26.1; request its installation') });
    expect(agent.addonInstructions).toEqual([apply]);
    const { jobId } = await install();
    await progressOf(jobId, /waiting until cloudnative-pg is ready/);
    await agent.reportAddons([detected()]);
    expect((await jobs.ended(jobId)).job.status).toBe('completed');
  });

  it('is removed when nothing needs it', async () => {
    const { agent, jobs } = harness;
    await installed();
    const made = await create('postgresql');
    await jobs.ended(made.jobId);
    await expect(uninstall()).rejects.toMatchObject({
      code: 'service.in_use',
      details: { instances: 1, osids: [made.osid] },
    });
    const { jobId: deletion } = await harness.request(reconciler.deleteInstance, {
      cid: harness.cid,
      type: 'postgresql',
      id: made.id,
    });
    await jobs.ended(deletion);

    const replies = [{ accepted: true, done: false }];
    agent.onAddon = () => replies.shift() ?? { accepted: true, done: true };
    const { jobId } = await uninstall();
    expect((await jobs.ended(jobId)).job).toMatchObject({ status: 'completed', type: 'addon.remove' });
    expect(agent.addonInstructions).toEqual([apply, remove, remove]);
    await agent.reportAddons([missing]);
    expect(await show()).toMatchObject({ state: 'missing', desired: null });
    await expect(uninstall()).rejects.toMatchObject({ code: 'addon.missing' });
  });

  it('is installed again when its removal fails, because others use it', async () => {
    const { agent, jobs } = harness;
    await installed();
    agent.onAddon = (type) =>
      type === 'APPLY_ADDON'
        ? { accepted: true, done: true }
        : { accepted: false, done: false, reason: 'Cluster team/pg1 uses it' };
    const { jobId } = await uninstall();
    await progressOf(jobId, /Cluster team\/pg1 uses it/);
    await expect(create('postgresql')).rejects.toMatchObject({ code: 'conflict.deleting' });
    await harness.sql(`UPDATE job_ref SET deadline_at = now() WHERE job_id = $1`, [jobId]);
    await harness.startReplica();
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
    await harness.sql('UPDATE cluster_addon SET next_attempt_at = now()');
    await harness.startReplica();
    await restored;
    expect(await show()).toMatchObject({ desired: 'installed', jobId: null });
  });

  it('of the user is used and never changed', async () => {
    await harness.agent.reportAddons([detected({ ours: false })]);
    for (const request of [install, uninstall]) {
      await expect(request()).rejects.toMatchObject({
        code: 'addon.present',
        message: expect.stringContaining('CloudNativePG 1.27.0'),
      });
    }
    await harness.jobs.ended((await create('postgresql')).jobId);
    expect(harness.agent.addonInstructions).toEqual([]);
  });

  it('of CRDs alone has the version that was applied', async () => {
    await installed();
    await harness.agent.reportAddons([detected({ version: null })]);
    expect(await show()).toMatchObject({ state: 'present', owner: 'runos', version: '1.27.0' });
  });

  it('of a user that came before the first installation is used, and its job completes', async () => {
    const { agent, jobs } = harness;
    await agent.reportAddons([missing]);
    agent.onAddon = () => ({ accepted: false, done: false, reason: 'it was not installed by RunOS' });
    const made = await create('postgresql');
    await jobs.when(made.jobId, ({ job }) => job.reason === 'AddonNotReady');
    await agent.reportAddons([detected({ ours: false, version: '1.26.0' })]);
    expect((await jobs.ended(made.jobId)).job.status).toBe('completed');
    expect(await show()).toMatchObject({ state: 'present', owner: 'user' });
  });

  it('is replaced by a newer request, which supersedes the job', async () => {
    const { agent, jobs } = harness;
    await agent.reportAddons([missing]);
    const first = await install();
    await progressOf(first.jobId, /waiting until/);
    const second = await install();
    expect((await jobs.ended(first.jobId)).job).toMatchObject({ status: 'cancelled', supersededBy: second.jobId });
    await progressOf(second.jobId, /waiting until/);
    const refused = await harness.request(reconciler.cancelJob, { id: second.jobId });
    expect(refused).toMatchObject({ cancelled: false, message: expect.stringContaining('install or remove') });
  });

  it('is refused for unknown names, other accounts, and agents without the right', async () => {
    const { cid } = harness;
    await expect(harness.request(reconciler.installAddon, { cid, name: 'nope' })).rejects.toMatchObject({
      code: 'addon.not_found',
    });
    await expect(harness.request(reconciler.installAddon, { cid, name }, { tenant: 'bbbbb' })).rejects.toMatchObject({
      code: 'cluster.not_found',
    });
    await harness.agent.connect({ capabilities: [bundlesCapability] });
    await harness.agent.reportAddons([missing]);
    await expect(install()).rejects.toMatchObject({ code: 'addon.missing' });
  });
});
