import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AgentHello, DELETE_BUNDLE, type Envelope, errorEnvelope, replyEnvelope } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import { type HalfOpenProxy, halfOpenProxy } from '@runos/testing-basics';
import { waitUntil } from '@runos/testing-process';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useHarness } from '../../test/harness.js';

/** Longer than a pause of a busy process. */
const staleAfterMs = 5_000;

let harness: Harness;
let one: Replica;
let two: Replica;
let reconciler: Bus;
const agents: TestAgent[] = [];
useHarness(async (started) => {
  harness = started;
  [one, two] = await Promise.all([harness.replica({ staleAfterMs }), harness.replica({ staleAfterMs })]);
  reconciler = harness.busOf('reconciler');
});
afterEach(() => agents.splice(0).forEach((agent) => agent.stop()));

type Registered = Awaited<ReturnType<typeof registerAt>>;

async function registered(
  machineId: string,
  kind: 'node' | 'cluster-agent' = 'node',
  cid = 'ky3',
): Promise<Registered> {
  const { token } = await harness.token(kind, { cid });
  return registerAt(one.registerPort, one.registerCa, { token, kind, machineId });
}

const dial = (replica: Replica, credentials: Registered, kind: 'node' | 'cluster-agent' = 'node'): TestAgent => {
  const agent = new TestAgent(replica.streamPort, credentials, kind);
  agents.push(agent);
  return agent;
};

const input = { osid: 'valkey-00ky3', generation: 2, revision: 3 };
const instruct = (nid: string | null, more: object = {}, cid = 'ky3') =>
  reconciler.request(
    agentGateway.instruct,
    { cid, nid, type: 'DELETE_BUNDLE', body: input, timeoutMs: 10_000, ...more },
    { tenant: 'abcde' },
  );
const accept = (envelope: Envelope) => replyEnvelope(DELETE_BUNDLE, { accepted: true }, envelope.tag);
const replied = { outcome: 'replied', body: { accepted: true } };
const connection = (nid: string | null, cid = 'ky3') => harness.services.connectionOf(cid, nid);

describe('the connection of an agent', () => {
  it('is reported with the hello, readiness with the first heartbeat, and the expiry of the certificate', async () => {
    const credentials = await registered('hello');
    const agent = dial(one, credentials);
    await agent.request(AgentHello, { version: '1.2.3', capabilities: ['bundles/1'], clusterUid: 'uid-1' });
    await harness.services.until(() => connection(credentials.nid)?.connected === true);
    expect(connection(credentials.nid)).toMatchObject({
      ready: false,
      version: '1.2.3',
      capabilities: ['bundles/1'],
      clusterUid: 'uid-1',
    });
    expect(Date.parse(connection(credentials.nid)?.certificateExpiresAt ?? '')).toBeGreaterThan(
      Date.now() + 360 * 86_400_000,
    );
    await agent.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
  });

  it('is reported for an older agent without a hello, with the version of its heartbeats', async () => {
    const credentials = await registered('old');
    const agent = dial(one, credentials);
    const holder = await agent.exchange({ type: 'AmIVIPHolder', jsonB64: 'e30=', tag: 't1' });
    expect(JSON.parse(Buffer.from(holder.jsonB64, 'base64').toString())).toEqual({ isHolder: false, generation: 0 });
    const nodes = await agent.exchange({ type: 'GetControlPlaneNodes', jsonB64: '', tag: 't2' });
    expect(JSON.parse(Buffer.from(nodes.jsonB64, 'base64').toString())).toEqual([]);
    await agent.heartbeat();
    await harness.services.until(
      () => connection(credentials.nid)?.ready === true && connection(credentials.nid)?.version === '1.6.0',
    );
    expect(connection(credentials.nid)?.capabilities).toEqual([]);
  });

  it('is reported until the reconciler acknowledges it', async () => {
    harness.services.connectionFailures = 3;
    const credentials = await registered('repeated');
    const agent = dial(one, credentials);
    await agent.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    expect(harness.services.connectionFailures).toBeLessThan(0);
    const { rows } = await harness.sql.query('SELECT acknowledged_seq <= seq AS ok FROM agent WHERE nid = $1', [
      credentials.nid,
    ]);
    expect(rows).toEqual([{ ok: true }]);
  });

  it('becomes not ready when heartbeats stop on an open stream; a closed stream alone does not change readiness', async () => {
    const credentials = await registered('silent');
    const agent = dial(one, credentials);
    agent.heartbeatEvery(200);
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    agent.stop();
    await harness.services.until(() => connection(credentials.nid)?.connected === false);
    expect(connection(credentials.nid)?.ready).toBe(true);
    const back = dial(one, credentials);
    const lastHeartbeat = performance.now();
    await back.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.connected === true);
    expect(connection(credentials.nid)?.ready).toBe(true);
    await harness.services.until(() => connection(credentials.nid)?.ready === false);
    expect(performance.now() - lastHeartbeat).toBeGreaterThanOrEqual(staleAfterMs);
    expect(connection(credentials.nid)?.connected).toBe(true);
    await back.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
  });

  it('of an agent that does not reconnect becomes not ready', async () => {
    const credentials = await registered('lost');
    const agent = dial(one, credentials);
    await agent.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    agent.stop();
    await harness.services.until(() => connection(credentials.nid)?.ready === false);
    expect(connection(credentials.nid)).toMatchObject({ connected: false, ready: false });
  });

  it('includes the last heartbeat of each agent of a cluster', async () => {
    const credentials = await registered('clock');
    const agent = dial(two, credentials);
    const before = Date.now();
    await agent.heartbeat();
    const lastHeartbeat = async () => {
      const request = { cids: ['ky3'] };
      const { agents } = await reconciler.request(agentGateway.listHeartbeats, request, { tenant: 'abcde' });
      return agents.find(({ nid }) => nid === credentials.nid)?.lastHeartbeatAt ?? undefined;
    };
    // Either replica responds, and the one without the stream knows it after the maintenance interval of the other.
    let at: string | undefined;
    const because = () => `no last heartbeat of ${credentials.nid}`;
    await waitUntil(async () => (at = await lastHeartbeat()) !== undefined, { because });
    expect(Date.parse(String(at))).toBeGreaterThan(before - 2_000);
    expect(Date.parse(String(at))).toBeLessThan(Date.now() + 2_000);
    const others = await reconciler.request(agentGateway.listHeartbeats, { cids: ['ky3'] }, { tenant: 'other' });
    expect(others.agents).toEqual([]);
  });
});

describe('a half-open connection', () => {
  let proxy: HalfOpenProxy | undefined;
  afterEach(() => proxy?.stop());

  it('does not keep its agent ready, and does not prevent it from reconnecting', async () => {
    proxy = await halfOpenProxy(one.streamPort);
    const credentials = await registered('cable');
    const lost = new TestAgent(proxy.port, credentials);
    agents.push(lost);
    lost.heartbeatEvery(100);
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    proxy.freeze();
    await harness.services.until(() => connection(credentials.nid)?.ready === false);
    expect(connection(credentials.nid)?.connected).toBe(true);
    expect(await instruct(credentials.nid, { timeoutMs: 200 })).toEqual({ outcome: 'unknown' });
    const back = dial(two, credentials);
    back.onInstruction = accept;
    await back.heartbeat();
    expect(await instruct(credentials.nid)).toEqual(replied);
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
  });
});

describe('an instruction', () => {
  it('reaches the replica that holds the stream, through either replica', async () => {
    const credentials = await registered('holder');
    const agent = dial(two, credentials);
    agent.onInstruction = accept;
    await agent.heartbeat();
    for (let n = 0; n < 12; n += 1) expect(await instruct(credentials.nid)).toEqual(replied);
    const tags = agent.received.filter(({ type }) => type === 'DELETE_BUNDLE').map(({ tag }) => tag);
    expect(new Set(tags).size).toBe(12);
    expect(tags[0]).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  });

  it('follows the agent to another replica at once, without a stale result', async () => {
    const credentials = await registered('mover');
    for (const replica of [one, two, one, two]) {
      const agent = dial(replica, credentials);
      agent.onInstruction = accept;
      await agent.heartbeat();
      for (let n = 0; n < 5; n += 1) expect(await instruct(credentials.nid)).toEqual(replied);
    }
    const [first] = agents as [TestAgent];
    expect(await first.ended).toMatchObject({ refusal: 'stream-replaced' });
  });

  it('is absent at once without a stream, unknown at the timeout without a reply, and refused with an error reply', async () => {
    const credentials = await registered('slow');
    expect(await instruct(credentials.nid)).toEqual({ outcome: 'absent' });
    expect(await instruct('zzzzz')).toEqual({ outcome: 'absent' });
    const agent = dial(one, credentials);
    await agent.heartbeat();
    const order: number[] = [];
    const unanswered = [30_000, 300].map(async (timeoutMs) => {
      expect(await instruct(credentials.nid, { timeoutMs })).toEqual({ outcome: 'unknown' });
      order.push(timeoutMs);
    });
    await unanswered[1];
    expect(order).toEqual([300]);
    agent.onInstruction = ({ tag }) => errorEnvelope('the disk is full', tag);
    expect(await instruct(credentials.nid)).toEqual({ outcome: 'refused', message: 'the disk is full' });
    agent.stop();
    await harness.services.until(() => connection(credentials.nid)?.connected === false);
    expect(await instruct(credentials.nid)).toEqual({ outcome: 'absent' });
    await Promise.all(unanswered);
  });

  it('is unknown when the stream ends before the reply', async () => {
    const credentials = await registered('dropper');
    const agent = dial(two, credentials);
    await agent.heartbeat();
    agent.onInstruction = () => void agent.stop() as undefined;
    expect(await instruct(credentials.nid)).toEqual({ outcome: 'unknown' });
  });

  it('of an unknown type, or larger than an agent can receive, is rejected with a code', async () => {
    const credentials = await registered('picky');
    const agent = dial(one, credentials);
    await agent.heartbeat();
    await expect(instruct(credentials.nid, { type: 'FLY' })).rejects.toMatchObject({ code: 'request.invalid' });
    const body = { ...input, padding: 'x'.repeat(3_200_000) };
    await expect(instruct(credentials.nid, { body })).rejects.toMatchObject({ code: 'request.too_large' });
    agent.onInstruction = accept;
    expect(await instruct(credentials.nid)).toEqual(replied);
  });
});

describe('a revoked cluster', () => {
  it('has no open streams and no valid certificates and tokens', async () => {
    const credentials = await registered('uid-9', 'cluster-agent', 'ky9');
    const { token } = await harness.token('node', { cid: 'ky9' });
    const agent = dial(two, credentials, 'cluster-agent');
    await agent.heartbeat();
    await reconciler.request(agentGateway.revokeCluster, { cid: 'ky9' }, { tenant: 'abcde' });
    expect(await agent.ended).toMatchObject({ refusal: 'certificate-revoked' });
    expect(await dial(one, credentials, 'cluster-agent').ended).toMatchObject({ refusal: 'certificate-revoked' });
    const late = registerAt(one.registerPort, one.registerCa, { token, machineId: randomUUID() });
    await expect(late).rejects.toMatchObject({ details: 'the registration token is not valid' });
  });
});

describe('a deleted node', () => {
  it('has no open stream and no valid certificate, and other nodes keep their own', async () => {
    const [credentials, other] = [await registered('deleted'), await registered('kept')];
    const [agent, kept] = [dial(two, credentials), dial(two, other)];
    await Promise.all([agent.heartbeat(), kept.heartbeat()]);
    const node = { cid: 'ky3', nid: credentials.nid };
    await reconciler.request(agentGateway.revokeNode, node, { tenant: 'other' });
    await agent.heartbeat();
    await reconciler.request(agentGateway.revokeNode, node, { tenant: 'abcde' });
    expect(await agent.ended).toMatchObject({ refusal: 'certificate-revoked' });
    expect(await dial(one, credentials).ended).toMatchObject({ refusal: 'certificate-revoked' });
    await kept.heartbeat();
  });
});
