import { describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import { type Harness, useHarness } from './harness.js';

describe('clusters and nodes', () => {
  let harness: Harness;
  let gateway: Bus;
  useHarness(
    async (started) => {
      harness = started;
      gateway = harness.service('agent-gateway').bus;
    },
    {
      connected: false,
      settings: { maxClusters: 4, maxNodesPerCluster: 2, maxInstancesPerCluster: 2, defaultRoot: 'runos.test' },
    },
  );

  const create = (cluster: object, by = {}) => harness.request(reconciler.createCluster, { cluster }, by);
  const show = (cid: string) => harness.request(reconciler.showCluster, { cid });
  const service = (cid: string) => harness.request(reconciler.createInstance, { cid, type: 'valkey', fields: {} });

  it('are pending with a remedy until an agent connects', async () => {
    expect(await show('abc')).toMatchObject({
      status: 'pending',
      reason: 'NoAgent',
      message: expect.stringContaining('registration token'),
      domain: 'abc.aaaaa.example.com',
      isDefault: true,
      generation: 1,
    });
    await harness.agent.connect();
    expect(await show('abc')).toMatchObject({ status: 'connected', reason: null, agentVersion: '1.0.0' });
  });

  it('show the same live heartbeat in the list as alone, from one request for all clusters', async () => {
    const by = { tenant: 'ccccc' };
    for (const cid of ['one', 'two']) await create({ cid }, by);
    await harness.sql(`UPDATE cluster SET ready = true, last_heartbeat_at = '2029-01-01' WHERE aid = 'ccccc'`);
    const list = async () => (await harness.request(reconciler.listClusters, {}, by)).clusters;
    const showOne = (cid: string) => harness.request(reconciler.showCluster, { cid }, by);
    const live = '2030-01-01T00:00:00.000Z';
    harness.agent.heartbeats.set('', live);
    harness.agent.heartbeatRequests.length = 0;
    expect(await list()).toMatchObject([
      { cid: 'one', lastHeartbeatAt: live },
      { cid: 'two', lastHeartbeatAt: live },
    ]);
    expect(harness.agent.heartbeatRequests).toEqual([['one', 'two']]);
    expect(await list()).toEqual([await showOne('one'), await showOne('two')]);
    harness.agent.heartbeats.clear();
    expect(await list()).toEqual([await showOne('one'), await showOne('two')]);
    expect((await showOne('one')).lastHeartbeatAt).toMatch(/^20(28|29)/);
  });

  it('stay connected after the stream closes, until the last heartbeat is stale', async () => {
    await harness.agent.reportConnection({ connected: false, ready: true });
    expect((await show('abc')).status).toBe('connected');
    await harness.agent.reportConnection({ connected: false, ready: false });
    expect(await show('abc')).toMatchObject({ status: 'disconnected', reason: 'AgentDisconnected' });
    await harness.agent.connect();
    expect((await show('abc')).status).toBe('connected');
  });

  it('are disconnected while an agent of another Kubernetes cluster is connected', async () => {
    await harness.agent.connect({ clusterUid: 'uid-2' });
    const foreign = { status: 'disconnected', reason: 'ForeignAgent' };
    expect(await show('abc')).toMatchObject(foreign);
    expect((await show('abc')).message).toContain('create a new registration token of purpose cluster-agent');
    await harness.agent.reportConnection({ connected: false, ready: true });
    expect(await show('abc')).toMatchObject(foreign);
    await harness.agent.connect({ clusterUid: null, capabilities: [] });
    expect(await show('abc')).toMatchObject(foreign);
    await harness.agent.connect();
    expect(await show('abc')).toMatchObject({ status: 'connected', reason: null });
  });

  it('get a minted cid of three characters below the configured root', async () => {
    const minted = await create({});
    expect(minted).toMatchObject({
      cid: expect.stringMatching(/^[a-z0-9]{3}$/),
      name: minted.cid,
      root: 'runos.test',
      domain: `${minted.cid}.aaaaa.runos.test`,
      isDefault: false,
    });
  });

  it('are refused with a reason', async () => {
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

  it('accept instances up to the limit, also with concurrent requests', async () => {
    const created = await Promise.allSettled([1, 2, 3, 4, 5].map(() => service('abc')));
    const made = created.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(made).toHaveLength(2);
    for (const { jobId } of made) await harness.jobs.ended(jobId);
    await expect(harness.request(reconciler.deleteCluster, { cid: 'abc' })).rejects.toMatchObject({
      code: 'cluster.not_empty',
      details: { instances: 2, osids: expect.arrayContaining(made.map(({ osid }) => osid)) },
    });
    for (const { id } of made) {
      const { jobId } = await harness.request(reconciler.deleteInstance, { cid: 'abc', type: 'valkey', id });
      await harness.jobs.ended(jobId);
    }
  });

  it('refuse an instance whose hosts would be too long', async () => {
    const root = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(50)}.com`;
    const { cid } = await create({ root }, { tenant: 'bbbbb' });
    const refused = harness.request(
      reconciler.createInstance,
      { cid, type: 'valkey', fields: {} },
      { tenant: 'bbbbb' },
    );
    await expect(refused).rejects.toMatchObject({ code: 'request.invalid', message: expect.stringContaining('253') });
  });

  it('keep the nid of a machine, and refuse nodes over the limit', async () => {
    const register = (machineId: string) =>
      gateway.request(reconciler.registerNode, { cid: 'abc', machineId, os: 'debian-12' }, { tenant: harness.aid });
    const [one, two] = [await register('m1'), await register('m2')];
    expect(await register('m1')).toEqual(one);
    await expect(register('m3')).rejects.toMatchObject({ code: 'limit.exceeded' });
    await harness.agent.reportConnection({ nid: one.nid, sessionNo: 9, seq: 1, ready: true, version: '2.0.0' });
    await harness.agent.reportConnection({ nid: one.nid, sessionNo: 8, seq: 7, ready: false, version: '1.0.0' });
    const { nodes } = await harness.request(reconciler.listNodes, { cid: 'abc' });
    expect(nodes).toMatchObject([
      { nid: one.nid, status: 'ready', version: '2.0.0', os: 'debian-12' },
      { nid: two.nid, status: 'pending', version: null },
    ]);
    harness.agent.heartbeats.set(one.nid, '2030-01-01T00:00:01.000Z');
    const live = { nid: one.nid, lastHeartbeatAt: '2030-01-01T00:00:01.000Z' };
    const withHeartbeat = await harness.request(reconciler.listNodes, { cid: 'abc' });
    expect(withHeartbeat.nodes).toMatchObject([live, { nid: two.nid, lastHeartbeatAt: null }]);
    expect(await harness.request(reconciler.showNode, { cid: 'abc', nid: one.nid })).toMatchObject(live);
    await harness.agent.reportConnection({ nid: one.nid, sessionNo: 9, seq: 2, ready: false });
    expect(await harness.request(reconciler.showNode, { cid: 'abc', nid: one.nid })).toMatchObject({
      status: 'not_ready',
    });
    await expect(harness.request(reconciler.showNode, { cid: 'abc', nid: 'zzzzz' })).rejects.toMatchObject({
      code: 'node.not_found',
    });
  });

  it('show what the agent of a node reports about Kubernetes, and keep the roles', async () => {
    const register = { cid: 'abc', machineId: 'm2', os: 'debian-12' };
    const { nid } = await gateway.request(reconciler.registerNode, register, { tenant: harness.aid });
    const node = () => harness.request(reconciler.showNode, { cid: 'abc', nid });
    expect(await node()).toMatchObject({ kubernetesStatus: null, roles: [], reason: null });
    const report = (seq: number, more: object) =>
      harness.agent.reportConnection({ nid, sessionNo: 30, seq, ready: true, ...more });
    await report(1, { kubernetesStatus: 'not_installed', roles: ['control-plane', 'worker'] });
    expect(await node()).toMatchObject({
      status: 'ready',
      kubernetesStatus: 'not_installed',
      roles: ['control-plane', 'worker'],
      reason: 'KubernetesNotInstalled',
      message: expect.stringContaining('finds no Kubernetes'),
    });
    await report(2, { kubernetesStatus: 'ready' });
    expect(await node()).toMatchObject({ kubernetesStatus: 'ready', roles: ['control-plane', 'worker'], reason: null });
    await report(3, {});
    expect(await node()).toMatchObject({ kubernetesStatus: 'ready', roles: ['control-plane', 'worker'] });
  });

  it('name what keeps the connected agent from its work, until it reports nothing any more', async () => {
    await harness.agent.connect();
    const message = 'The cluster agent may not list Pod: pods is forbidden: User "a" cannot list resource "pods".';
    const problems = [{ verb: 'list', apiVersion: 'v1', kind: 'Pod', message }];
    await harness.agent.reportConnection({ ready: true, problems });
    const shown = { status: 'connected', reason: 'AgentNotReady', message };
    expect(await show('abc')).toMatchObject(shown);
    const { clusters } = await harness.request(reconciler.listClusters, {});
    expect(clusters.find(({ cid }) => cid === 'abc')).toMatchObject(shown);
    await harness.agent.reportConnection({ connected: false, ready: false, problems });
    expect(await show('abc')).toMatchObject({ status: 'disconnected', reason: 'AgentDisconnected' });
    await harness.agent.connect();
    await harness.agent.reportConnection({ ready: true, problems: [] });
    expect(await show('abc')).toMatchObject({ status: 'connected', reason: null, message: null });
  });

  it('name two machines with the certificate of one agent, until there is only one', async () => {
    const duplicateAddresses = ['203.0.113.1', '203.0.113.2'];
    const named = {
      reason: 'DuplicateIdentity',
      message: expect.stringMatching(/203\.0\.113\.1 stays connected, 203\.0\.113\.2 came later and is refused/),
    };
    const register = { cid: 'abc', machineId: 'm1', os: 'debian-12' };
    const { nid } = await gateway.request(reconciler.registerNode, register, { tenant: harness.aid });
    const node = () => harness.request(reconciler.showNode, { cid: 'abc', nid });
    await harness.agent.reportConnection({ nid, sessionNo: 20, seq: 1, ready: true, duplicateAddresses });
    expect(await node()).toMatchObject({ status: 'ready', ...named });
    await harness.agent.reportConnection({ nid, sessionNo: 20, seq: 2, ready: true, duplicateAddresses: null });
    expect(await node()).toMatchObject({ status: 'ready', reason: null, message: null });
    await harness.agent.reportConnection({ duplicateAddresses });
    expect(await show('abc')).toMatchObject({ status: 'connected', ...named });
    await harness.agent.reportConnection({});
    expect(await show('abc')).toMatchObject({ status: 'connected', reason: null });
  });

  it('lose a node that is deleted, after its certificates are revoked; a connected one is refused with its user', async () => {
    const register = { cid: 'abc', machineId: 'm2', os: 'debian-12' };
    const { nid } = await gateway.request(reconciler.registerNode, register, { tenant: harness.aid });
    const remove = (force = false, by = {}) => harness.request(reconciler.deleteNode, { cid: 'abc', nid, force }, by);
    await expect(remove()).rejects.toMatchObject({
      code: 'node.in_use',
      message: expect.stringMatching(
        /is connected; it reports Kubernetes ready, as control-plane and worker\. .*force=true/,
      ),
      details: { usedBy: [`node-agent of ${nid}`] },
    });
    await expect(remove(true, { tenant: 'bbbbb' })).rejects.toMatchObject({ code: 'node.not_found' });
    expect(harness.agent.revokedNodes).toEqual([]);
    await harness.agent.reportConnection({ nid, sessionNo: 40, seq: 1, connected: false, ready: false });
    expect(await remove()).toEqual({ nid, name: nid });
    // Again at the end: the machine may have registered before its row was deleted.
    expect(harness.agent.revokedNodes).toEqual([nid, nid]);
    await expect(remove()).rejects.toMatchObject({ code: 'node.not_found' });
    const again = await gateway.request(reconciler.registerNode, register, { tenant: harness.aid });
    expect(again.nid).not.toBe(nid);
    await harness.agent.reportConnection({ nid: again.nid, sessionNo: 41, seq: 1, ready: true });
    const forced = { cid: 'abc', nid: again.nid, force: true };
    expect(await harness.request(reconciler.deleteNode, forced)).toMatchObject({ nid: again.nid });
    const { nodes } = await harness.request(reconciler.listNodes, { cid: 'abc' });
    expect(nodes.map((node) => node.nid)).not.toContain(again.nid);
  });

  it('are removed with their nodes when they are empty, after the certificates of their agents are revoked', async () => {
    for (const ifGeneration of [9, [8, 9]]) {
      const stale = harness.request(reconciler.deleteCluster, { cid: 'abc', ifGeneration });
      await expect(stale).rejects.toMatchObject({ code: 'conflict.stale' });
    }
    const { generation } = await show('abc');
    const ifGeneration = [generation, 9];
    const { jobId } = await harness.request(reconciler.deleteCluster, { cid: 'abc', ifGeneration });
    expect((await harness.jobs.ended(jobId)).job).toMatchObject({
      type: 'cluster.delete',
      status: 'completed',
      osid: null,
      cid: 'abc',
    });
    expect(harness.agent.revokedClusters).toEqual(['abc']);
    await expect(show('abc')).rejects.toMatchObject({ code: 'cluster.not_found' });
    await expect(service('abc')).rejects.toMatchObject({ code: 'cluster.not_found' });
  });
});
