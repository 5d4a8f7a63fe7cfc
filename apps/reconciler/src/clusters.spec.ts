import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import { type TestPlane, testPlane } from '../test/test-plane.js';

describe('clusters and nodes', () => {
  let plane: TestPlane;
  let gateway: Bus;
  beforeAll(async () => {
    plane = await testPlane({
      connected: false,
      settings: { maxClusters: 4, maxNodesPerCluster: 2, maxInstancesPerCluster: 2, defaultRoot: 'runos.test' },
    });
    gateway = plane.services.get('agent-gateway')!.bus;
  }, 30_000);
  afterAll(() => plane.stop());

  const create = (cluster: object, by = {}) => plane.ask(reconciler.createCluster, { cluster }, by);
  const show = (cid: string) => plane.ask(reconciler.showCluster, { cid });
  const service = (cid: string) => plane.ask(reconciler.createInstance, { cid, type: 'valkey', fields: {} });

  it('are pending until an agent comes, with what to do', async () => {
    expect(await show('abc')).toMatchObject({
      status: 'pending',
      reason: 'NoAgent',
      message: expect.stringContaining('registration token'),
      domain: 'abc.aaaaa.example.com',
      isDefault: true,
      generation: 1,
    });
    await plane.agent.connect();
    expect(await show('abc')).toMatchObject({ status: 'connected', reason: null, agentVersion: '1.0.0' });
    plane.agent.heartbeat = '2030-01-01T00:00:00.000Z';
    expect(await show('abc')).toMatchObject({ lastHeartbeatAt: '2030-01-01T00:00:00.000Z' });
  });

  it('stay connected when a stream ends, until the heartbeats are too old', async () => {
    await plane.agent.says({ connected: false, ready: true });
    expect((await show('abc')).status).toBe('connected');
    await plane.agent.says({ connected: false, ready: false });
    expect(await show('abc')).toMatchObject({ status: 'disconnected', reason: 'AgentDisconnected' });
    await plane.agent.connect();
    expect((await show('abc')).status).toBe('connected');
  });

  it('send nothing to an agent in another Kubernetes cluster', async () => {
    await plane.agent.connect({ clusterUid: 'uid-2' });
    expect(await show('abc')).toMatchObject({ status: 'disconnected', reason: 'ForeignAgent' });
    await plane.agent.connect();
    expect(await show('abc')).toMatchObject({ status: 'connected', reason: null });
  });

  it('are minted a cid of three characters, below the configured root', async () => {
    const minted = await create({});
    expect(minted).toMatchObject({
      cid: expect.stringMatching(/^[a-z0-9]{3}$/),
      name: minted.cid,
      root: 'runos.test',
      domain: `${minted.cid}.aaaaa.runos.test`,
      isDefault: false,
    });
  });

  it('are refused with the reason', async () => {
    await expect(create({ cid: 'abc' })).rejects.toMatchObject({ code: 'cluster.exists' });
    await expect(create({ cid: 'jobs' })).rejects.toMatchObject({ code: 'request.invalid' });
    await expect(create({ root: 'not a name' })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'root' }] },
    });
    await expect(create({ root: `${'a'.repeat(60)}.`.repeat(4) + 'com' })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    await create({});
    await create({});
    await expect(create({})).rejects.toMatchObject({ code: 'limit.exceeded', details: { limit: 4, value: 4 } });
    expect(await create({ cid: 'abc' }, { tenant: 'bbbbb' })).toMatchObject({ cid: 'abc', isDefault: true });
  });

  it('take so many instances and no more, also when many ask at once', async () => {
    const asked = await Promise.allSettled([1, 2, 3, 4, 5].map(() => service('abc')));
    const made = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(made).toHaveLength(2);
    for (const { jobId } of made) await plane.jobs.ended(jobId);
    await expect(plane.ask(reconciler.deleteCluster, { cid: 'abc' })).rejects.toMatchObject({
      code: 'cluster.not_empty',
      details: { instances: 2, osids: expect.arrayContaining(made.map(({ osid }) => osid)) },
    });
    for (const { id } of made) {
      const { jobId } = await plane.ask(reconciler.deleteInstance, { cid: 'abc', type: 'valkey', id });
      await plane.jobs.ended(jobId);
    }
  });

  it('refuse an instance none of whose hosts could be a name', async () => {
    const root = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(50)}.com`;
    const { cid } = await create({ root }, { tenant: 'bbbbb' });
    const refused = plane.ask(reconciler.createInstance, { cid, type: 'valkey', fields: {} }, { tenant: 'bbbbb' });
    await expect(refused).rejects.toMatchObject({ code: 'request.invalid', message: expect.stringContaining('253') });
  });

  it('give a machine the nid it had, and refuse one too many', async () => {
    const register = (machineId: string) =>
      gateway.request(reconciler.registerNode, { cid: 'abc', machineId, os: 'debian-12' }, { tenant: plane.aid });
    const [one, two] = [await register('m1'), await register('m2')];
    expect(await register('m1')).toEqual(one);
    await expect(register('m3')).rejects.toMatchObject({ code: 'limit.exceeded' });
    await plane.agent.says({ nid: one.nid, sessionNo: 9, seq: 1, ready: true, version: '2.0.0' });
    await plane.agent.says({ nid: one.nid, sessionNo: 8, seq: 7, ready: false, version: '1.0.0' });
    const { nodes } = await plane.ask(reconciler.listNodes, { cid: 'abc' });
    expect(nodes).toMatchObject([
      { nid: one.nid, status: 'ready', version: '2.0.0', os: 'debian-12' },
      { nid: two.nid, status: 'pending', version: null },
    ]);
    await plane.agent.says({ nid: one.nid, sessionNo: 9, seq: 2, ready: false });
    expect(await plane.ask(reconciler.showNode, { cid: 'abc', nid: one.nid })).toMatchObject({ status: 'not_ready' });
    await expect(plane.ask(reconciler.showNode, { cid: 'abc', nid: 'zzzzz' })).rejects.toMatchObject({
      code: 'node.not_found',
    });
  });

  it('are removed with their nodes when they are empty, their agents first', async () => {
    const stale = plane.ask(reconciler.deleteCluster, { cid: 'abc', ifGeneration: 9 });
    await expect(stale).rejects.toMatchObject({ code: 'conflict.stale' });
    const { jobId } = await plane.ask(reconciler.deleteCluster, { cid: 'abc' });
    expect((await plane.jobs.ended(jobId)).job).toMatchObject({
      type: 'cluster.delete',
      status: 'completed',
      osid: null,
      cid: 'abc',
    });
    expect(plane.agent.forgotten).toEqual(['abc']);
    await expect(show('abc')).rejects.toMatchObject({ code: 'cluster.not_found' });
    await expect(service('abc')).rejects.toMatchObject({ code: 'cluster.not_found' });
  });
});
