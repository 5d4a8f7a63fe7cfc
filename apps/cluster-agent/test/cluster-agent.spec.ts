import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  APPLY_BUNDLE,
  type Bundle,
  DELETE_ADDON,
  DELETE_BUNDLE,
  type Envelope,
  instructionEnvelope,
  type Instruction,
  type InputOf,
  readReply,
} from '@runos/agent-protocol';
import { FakePlane } from '@runos/agent-session/test';
import { bearer } from '@runos/kube-client';
import { createLogger } from '@runos/observability';
import { mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { ClusterAgent } from '../src/cluster-agent.js';
import { clusterAgentConfig } from '../src/config.js';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn } from './harness.js';

const folder = mkdtempSync(join(tmpdir(), 'runos-cluster-agent-'));
const timing = {
  heartbeatMs: 100,
  heartbeatReplyTimeoutMs: 500,
  redialFirstMs: 20,
  redialMaxMs: 100,
  waitForChangeMs: 200,
  backoffResetMs: 1_000,
};
let access: AgentAccess;
let plane: FakePlane;
let agents: ClusterAgent[];

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await access?.stop();
});

beforeEach(async () => {
  agents = [];
  plane = await FakePlane.start();
  plane.onReport = ({ type }) => (type === 'AgentHello' ? { inSync: true } : {});
});

afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  plane.close();
  await access.admin.delete(refIn(access.namespace, 'v1', 'Secret', 'cluster-agent-tls'));
});

function start(changes: Record<string, unknown> = {}): ClusterAgent {
  const ca = join(folder, 'ca.crt');
  writeFileSync(ca, plane.l1.certificatePem);
  const { namespace, token, cluster } = access;
  const given = {
    server: '127.0.0.1',
    aid: 'abcde',
    ca,
    token: 'runos_reg_x',
    namespace,
    holder: `agent-${agents.length}`,
    ...changes,
  };
  const config = { ...clusterAgentConfig.parse(given), ...plane.ports };
  const logger = createLogger({ service: 'cluster-agent', level: 'silent' });
  const agent = new ClusterAgent(
    { config, logger, timing, leaseDurationMs: 3_000 },
    { server: cluster.server, ca: cluster.ca, ...bearer(token) },
  );
  agents.push(agent);
  return agent;
}

const reportsOf = (type: string) => plane.reports.filter((report) => report.type === type);
const until = (holds: () => unknown, what: string) =>
  waitUntil(() => Boolean(holds()), { deadlineMs: 20_000, because: () => `${what} did not happen` });

function instruct<I extends Instruction>(instruction: I, input: InputOf<I>): void {
  plane.streams.at(-1)?.write(instructionEnvelope(instruction, input, crypto.randomUUID()));
}

const phases = (osid: Bundle['osid']) =>
  plane.reports.flatMap((report) =>
    report.type === 'BundleStatus' && report.body.osid === osid ? [report.body.phase] : [],
  );

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
        capabilities: ['bundles/1', 'bundles/2'],
        kinds: true,
        count: 0,
        root: '0'.repeat(32),
        clusterUid: system.metadata.uid,
      },
    });
    const secret = await access.admin.get(refIn(access.namespace, 'v1', 'Secret', 'cluster-agent-tls'));
    expect(secret['type']).toBe('kubernetes.io/tls');
    expect(Object.keys(mapAt(secret, 'data')).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect(secret.metadata.annotations).toEqual({ 'runos.com/cluster-uid': system.metadata.uid });
  });

  it('needs no token when it has a certificate', async () => {
    const first = start();
    await until(() => first.connected, 'a connection');
    await first.stop();
    const second = start({ token: undefined });
    await until(() => second.connected, 'a connection');
    expect(plane.registrations).toHaveLength(1);
  });

  it('applies and removes instances, and reports over the stream', async () => {
    const osid = newOsid();
    start();
    await until(() => reportsOf('AgentHello').length === 1, 'a hello');
    instruct(APPLY_BUNDLE, bundleOf(osid, 1, objectsOf(osid)));
    await until(() => phases(osid).at(-1) === 'ready', 'a ready instance');
    instruct(DELETE_BUNDLE, { osid, generation: 2, revision: 2 });
    await until(() => phases(osid).at(-1) === 'gone', 'the removal');
    expect(await access.admin.find(refIn(osid, 'v1', 'Namespace'))).toBeUndefined();
  });

  it('repairs while it is disconnected, and reports the drift afterwards', async () => {
    const osid = newOsid();
    const agent = start();
    await until(() => agent.connected, 'a connection');
    instruct(APPLY_BUNDLE, bundleOf(osid, 1, objectsOf(osid)));
    await until(() => phases(osid).at(-1) === 'ready', 'a ready instance');
    plane.close();
    await until(() => !agent.connected, 'the loss of the plane');
    const set = refIn(osid, 'apps/v1', 'StatefulSet');
    await access.admin.mergePatch(set, { spec: { replicas: 2 } }, { fieldManager: 'other-operator' });
    await waitUntil(async () => mapAt(await access.admin.get(set), 'spec')['replicas'] === 1, {
      deadlineMs: 10_000,
      because: () => 'it was not repaired',
    });
    await plane.open();
    await until(() => agent.connected, 'the connection');
    const reported = () =>
      plane.reports.some(
        ({ type, body }) => type === 'BundleStatus' && JSON.stringify(body).includes('other-operator'),
      );
    await until(reported, 'the report of the drift');
    await access.admin.delete(refIn(osid, 'v1', 'Namespace'));
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
    await until(() => !agent.connected, 'the loss of the plane');
    await plane.open();
    await until(() => reportsOf('AddonStatus').length === 2, 'another report');
  });

  it('announces and handles the instructions of add-ons only if it may install them', async () => {
    const replies: Envelope[] = [];
    plane.onStream = (stream) => stream.on('data', (envelope: Envelope) => replies.push(envelope));
    const removal = async (changes: Record<string, unknown>) => {
      const agent = start({ token: undefined, ...changes });
      await until(() => agent.connected, 'a connection');
      const tag = crypto.randomUUID();
      plane.streams.at(-1)?.write(instructionEnvelope(DELETE_ADDON, { name: 'cloudnative-pg' }, tag));
      await until(() => replies.some((reply) => reply.tag === tag), 'a reply');
      await agent.stop();
      const reply = replies.find((each) => each.tag === tag) as Envelope;
      return { hello: reportsOf('AgentHello').at(-1)?.body, reply: readReply(DELETE_ADDON, reply) };
    };
    const without = await removal({ token: 'runos_reg_x' });
    expect(without).toMatchObject({ hello: { capabilities: ['bundles/1', 'bundles/2'] }, reply: { ok: false } });
    const allowed = await removal({ addons: 'crds' });
    expect(allowed).toMatchObject({
      hello: { capabilities: ['bundles/1', 'bundles/2', 'addons/1'] },
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
    await until(() => first.connected, 'a connection');
    const second = start({ token: undefined });
    await new Promise((resolve) => setImmediate(resolve));
    expect(second.active).toBe(false);
    await first.stop();
    await until(() => second.connected, 'the second');
    expect(plane.registrations).toHaveLength(1);
  });

  it('does not use a certificate of another cluster', async () => {
    const { namespace } = access;
    const metadata = { name: 'cluster-agent-tls', namespace, annotations: { 'runos.com/cluster-uid': 'another' } };
    const data = Object.fromEntries(
      ['tls.crt', 'tls.key', 'ca.crt'].map((key) => [key, Buffer.from(key).toString('base64')]),
    );
    await access.admin.create({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data });
    const agent = start();
    await until(() => agent.active, 'the agent to be active');
    expect(agent.connected).toBe(false);
    expect(plane.registrations).toEqual([]);
  });
});
