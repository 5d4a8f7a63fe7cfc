import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLY_BUNDLE, DELETE_ADDON, DELETE_BUNDLE, type Envelope, readReply } from '@runos/agent-protocol';
import type { FakePlane } from '@runos/agent-session/test';
import { mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, useAccess } from './agent-access.js';
import { AgentHarness } from './agent-harness.js';
import { bundleOf, newOsid, objectsOf, refIn } from './harness.js';

const agentCapabilities = ['bundles/1', 'bundles/2', 'bundles/3', 'plans/1', 'logs/1', 'node-tags/1'];

let access: AgentAccess;
let harness: AgentHarness;
let plane: FakePlane;

useAccess((started) => (access = started));

beforeEach(async () => {
  harness = await AgentHarness.start(access);
  plane = harness.plane;
});

afterEach(() => harness.stop());

const start = (changes: Record<string, unknown> = {}) => harness.startAgent(changes);
const reportsOf = (type: string) => harness.reportsOf(type);
const until = (holds: () => unknown, what: string) => harness.until(holds, what);

describe('the cluster agent', () => {
  it('registers for its cluster with a key that never leaves it, and announces its root hash', async () => {
    start();
    await until(() => reportsOf('AgentHello').length === 1, 'a hello');
    const system = await access.admin.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' });
    expect(plane.registrations).toMatchObject([
      { machineId: system.metadata.uid, agentKind: 'cluster-agent', aid: 'abcde' },
    ]);
    expect(reportsOf('AgentHello')[0]).toMatchObject({
      body: {
        capabilities: agentCapabilities,
        kinds: true,
        writers: true,
        count: 0,
        root: '0'.repeat(32),
        clusterUid: system.metadata.uid,
      },
    });
    const secret = await access.admin.get(refIn(access.namespace, 'v1', 'Secret', 'cluster-agent-tls'));
    expect(secret['type']).toBe('kubernetes.io/tls');
    expect(Object.keys(mapAt(secret, 'data')).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect(secret.metadata.annotations).toMatchObject({ 'runos.com/cluster-uid': system.metadata.uid });
  });

  it('needs no token when it has a certificate', async () => {
    const first = start();
    await until(() => first.isConnected, 'a connection');
    await first.stop();
    const second = start({ token: undefined });
    await until(() => second.isConnected, 'a connection');
    expect(plane.registrations).toHaveLength(1);
  });

  it('applies and removes instances, and reports over the stream', async () => {
    const osid = newOsid();
    start();
    await until(() => reportsOf('AgentHello').length === 1, 'a hello');
    harness.instruct(APPLY_BUNDLE, bundleOf(osid, 1, objectsOf(osid)));
    await harness.untilPhase(osid, 'ready');
    harness.instruct(DELETE_BUNDLE, { osid, generation: 2, revision: 2 });
    await harness.untilPhase(osid, 'gone');
    expect(await access.admin.find(refIn(osid, 'v1', 'Namespace'))).toBeUndefined();
  });

  it('repairs while it is disconnected, and reports the drift afterwards', async () => {
    const osid = newOsid();
    const agent = start();
    await until(() => agent.isConnected, 'a connection');
    harness.instruct(APPLY_BUNDLE, bundleOf(osid, 1, objectsOf(osid)));
    await harness.untilPhase(osid, 'ready');
    plane.close();
    await until(() => !agent.isConnected, 'the loss of the plane');
    const set = refIn(osid, 'apps/v1', 'StatefulSet');
    await access.admin.mergePatch(set, { spec: { replicas: 2 } }, { fieldManager: 'other-operator' });
    await waitUntil(async () => mapAt(await access.admin.get(set), 'spec')['replicas'] === 1, {
      because: () => 'it was not repaired',
    });
    await plane.open();
    await until(() => agent.isConnected, 'the connection');
    const reported = () =>
      plane.reports.some(
        ({ type, body }) => type === 'BundleStatus' && JSON.stringify(body).includes('other-operator'),
      );
    await until(reported, 'the report of the drift');
  });

  it('resyncs when the plane is not in sync', async () => {
    plane.onReport = ({ type }) =>
      type === 'AgentHello' ? { inSync: false } : type === 'RESYNC' ? { equal: true } : {};
    start();
    await until(() => reportsOf('RESYNC').length === 1, 'a resync');
    expect(reportsOf('RESYNC')[0]).toMatchObject({ body: { step: 'root' } });
  });

  it('reports the add-ons that the reply to the hello names, after each connect', async () => {
    const addons = [
      { name: 'cloudnative-pg', crd: 'clusters.postgresql.cnpg.io', image: 'cloudnative-pg/cloudnative-pg' },
    ];
    plane.onReport = ({ type }) => (type === 'AgentHello' ? { inSync: true, addons } : {});
    const agent = start();
    await until(() => reportsOf('AddonStatus').length === 1, 'a report');
    const [detected] = reportsOf('AddonStatus');
    expect(detected).toMatchObject({
      body: { addons: [{ name: 'cloudnative-pg', present: true, ours: false, version: null, ready: true }] },
    });
    plane.close();
    await until(() => !agent.isConnected, 'the loss of the plane');
    await plane.open();
    await until(() => reportsOf('AddonStatus').length === 2, 'another report');
  });

  it('announces and handles the instructions of add-ons only if it may install them', async () => {
    const replies: Envelope[] = [];
    plane.onStream = (stream) => stream.on('data', (envelope: Envelope) => replies.push(envelope));
    const removal = async (changes: Record<string, unknown>) => {
      const agent = start({ token: undefined, ...changes });
      await until(() => agent.isConnected, 'a connection');
      const tag = harness.instruct(DELETE_ADDON, { name: 'cloudnative-pg' });
      await until(() => replies.some((reply) => reply.tag === tag), 'a reply');
      await agent.stop();
      const reply = replies.find((each) => each.tag === tag) as Envelope;
      return { hello: reportsOf('AgentHello').at(-1)?.body, reply: readReply(DELETE_ADDON, reply) };
    };
    const without = await removal({ token: 'runos_reg_x' });
    expect(without).toMatchObject({
      hello: { capabilities: agentCapabilities },
      reply: { ok: false },
    });
    const allowed = await removal({ addons: 'crds' });
    expect(allowed).toMatchObject({
      hello: { capabilities: [...agentCapabilities, 'addons/1'] },
      reply: { ok: true, value: { accepted: true, done: true } },
    });
  });

  it('sends no report of add-ons to an older plane', async () => {
    start();
    await until(() => reportsOf('ClusterAgentHeartbeatToServer').length === 2, 'two heartbeats');
    expect(reportsOf('AddonStatus')).toEqual([]);
  });

  it('has one active agent of two, and the other takes over when the first stops', async () => {
    const first = start();
    await until(() => first.isConnected, 'a connection');
    const second = start({ token: undefined });
    await new Promise((resolve) => setImmediate(resolve));
    expect(second.isActive).toBe(false);
    await first.stop();
    await until(() => second.isConnected, 'the second');
    expect(plane.registrations).toHaveLength(1);
  });

  it.each(['deleted', 'changed by a later leader'])('loads the bundles again when a stored one was %s', async (how) => {
    const osid = newOsid();
    const agent = start();
    await until(() => agent.isConnected, 'a connection');
    harness.instruct(APPLY_BUNDLE, bundleOf(osid, 1, objectsOf(osid)));
    await harness.untilPhase(osid, 'ready');
    const stored = refIn(access.namespace, 'v1', 'Secret', `bundle-${osid}`);
    const later = { metadata: { annotations: { 'runos.com/fencing-token': '1000' } } };
    await (how === 'deleted' ? access.admin.delete(stored) : access.admin.mergePatch(stored, later));
    harness.instruct(APPLY_BUNDLE, bundleOf(osid, 2, objectsOf(osid, { cpuLimitMc: 900 })));
    await until(() => reportsOf('AgentHello').length === 2, 'another hello');
    await until(() => agent.isConnected, 'a connection');
    harness.instruct(APPLY_BUNDLE, bundleOf(osid, 2, objectsOf(osid, { cpuLimitMc: 900 })));
    await harness.untilPhase(osid, 'ready', 2);
  });

  it('does not use a certificate of another cluster', async () => {
    const { namespace } = access;
    const metadata = { name: 'cluster-agent-tls', namespace, annotations: { 'runos.com/cluster-uid': 'another' } };
    const data = Object.fromEntries(
      ['tls.crt', 'tls.key', 'ca.crt'].map((key) => [key, Buffer.from(key).toString('base64')]),
    );
    await access.admin.create({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data });
    const agent = start();
    await until(() => agent.isActive, 'the agent to be active');
    expect(agent.isConnected).toBe(false);
    expect(plane.registrations).toEqual([]);
  });
});
