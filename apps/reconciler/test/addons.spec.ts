import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DetectedAddon } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { type Harness, useHarness } from './harness.js';

let harness: Harness;
useHarness((started) => (harness = started));

const detected = (over: Partial<DetectedAddon> = {}): DetectedAddon => ({
  name: 'cloudnative-pg',
  present: true,
  ours: false,
  version: '1.26.0',
  ...over,
});
const missing = detected({ present: false, version: null });

const show = async (cid = harness.cid, by = {}) => {
  const { addons } = await harness.request(reconciler.listAddons, { cid }, by);
  return addons.find(({ name }) => name === 'cloudnative-pg');
};
const create = (type: string, more: { cid?: string; idempotency?: { key: string; requestHash: string } } = {}) =>
  harness.request(reconciler.createInstance, { cid: harness.cid, type, fields: {}, ...more });

beforeEach(async () => {
  await harness.agent.connect();
});

describe('add-ons', () => {
  it('are unknown until an agent reports them, which refuses nothing', async () => {
    expect(await show()).toEqual({
      name: 'cloudnative-pg',
      title: 'CloudNativePG',
      state: 'unknown',
      owner: null,
      version: null,
      neededVersion: '1.27.0',
      neededBy: ['postgresql'],
      installable: false,
      desired: null,
      problem: null,
      jobId: null,
      reportedAt: null,
    });
    expect(await create('postgresql')).toMatchObject({ status: 'pending' });
  });

  it('are not those of an earlier report of the session that is repeated late', async () => {
    await harness.agent.reportAddons([missing], { sequence: 101 });
    await harness.agent.reportAddons([detected()], { sequence: 102 });
    await harness.agent.reportAddons([missing], { sequence: 101 });
    expect(await show()).toMatchObject({ state: 'present' });
    await harness.agent.reportAddons([missing], { sequence: undefined }); // of an older agent gateway
    expect(await show()).toMatchObject({ state: 'missing' });
  });

  it('are shown as the agent reported them last', async () => {
    await harness.agent.reportAddons([detected()]);
    expect(await show()).toMatchObject({
      state: 'present',
      owner: 'user',
      version: '1.26.0',
      neededVersion: '1.27.0',
      reportedAt: expect.stringMatching(/^20/),
    });
    await harness.agent.reportAddons([detected({ ours: true, version: null })]);
    expect(await show()).toMatchObject({ state: 'present', owner: 'runos', version: null });
    await harness.agent.reportAddons([missing]);
    expect(await show()).toMatchObject({ state: 'missing', owner: null, version: null });
    await harness.agent.reportAddons([]);
    expect(await show()).toMatchObject({ state: 'unknown', reportedAt: null });
  });

  it('refuse the creation of an instance that needs a missing one, with the command', async () => {
    await harness.agent.reportAddons([missing]);
    const command =
      'kubectl apply --server-side -f https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/release-1.27/releases/cnpg-1.27.0.yaml';
    await expect(create('postgresql')).rejects.toMatchObject({
      code: 'addon.missing',
      message: `Cluster "abc" does not have CloudNativePG 1.27.0, and its agent may not install it. Install it with "${command}", then repeat the request.`,
      details: { addons: [{ name: 'cloudnative-pg', version: '1.27.0', command }] },
    });
    expect(await create('valkey')).toMatchObject({ status: 'pending' });
    await harness.agent.reportAddons([detected()]);
    expect(await create('postgresql')).toMatchObject({ status: 'pending' });
  });

  it('do not change the response to a repeated request', async () => {
    const idempotency = { key: 'k1', requestHash: 'h1' };
    await harness.agent.reportAddons([detected()]);
    const first = await create('postgresql', { idempotency });
    await harness.agent.reportAddons([missing]);
    expect(await create('postgresql', { idempotency })).toEqual(first);
  });

  it('are unknown when a later session reports none: its agent may be an older one', async () => {
    await harness.agent.reportAddons([missing]);
    await harness.agent.disconnect();
    expect(await show()).toMatchObject({ state: 'missing' });
    await harness.agent.connect();
    expect(await show()).toMatchObject({ state: 'unknown' });
    await expect(create('postgresql')).resolves.toMatchObject({ status: 'pending' });
  });

  it('are not changed by the late report of an earlier session', async () => {
    await harness.agent.reportAddons([detected()]);
    await harness.agent.reportAddons([missing], { sessionNo: 1 });
    expect(await show()).toMatchObject({ state: 'present' });
  });

  it('of an agent in another Kubernetes cluster do not count', async () => {
    await harness.agent.connect({ clusterUid: 'uid-2' });
    await harness.agent.reportAddons([missing]);
    expect(await show()).toMatchObject({ state: 'unknown' });
  });

  it('of one account are neither shown to nor changed by another', async () => {
    const by = { tenant: 'bbbbb' };
    await harness.request(reconciler.createCluster, { cluster: { cid: 'abc' } }, by);
    await harness.agent.reportAddons([detected()]);
    expect(await show('abc', by)).toMatchObject({ state: 'unknown' });
    await harness.agent.reportAddons([missing], { aid: 'bbbbb' });
    expect(await show('abc', by)).toMatchObject({ state: 'missing' });
    expect(await show()).toMatchObject({ state: 'present' });
    await expect(show('zzz')).rejects.toMatchObject({ code: 'cluster.not_found' });
    await expect(harness.agent.reportAddons([missing], { cid: 'zzz' })).rejects.toMatchObject({
      code: 'cluster.not_found',
    });
  });
});
