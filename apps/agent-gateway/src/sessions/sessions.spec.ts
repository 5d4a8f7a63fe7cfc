import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AgentHello, DELETE_BUNDLE, type Envelope, errorEnvelope, replyEnvelope } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import { halfOpenProxy } from '@runos/testing-basics';
import { registerAt, SpecAgent } from '../../test/spec-agent.js';
import { type Replica, SpecPlane } from '../../test/spec-plane.js';

jest.setTimeout(20_000);

let plane: SpecPlane;
let one: Replica;
let two: Replica;
let reconciler: Bus;
const agents: SpecAgent[] = [];
beforeAll(async () => {
  plane = await SpecPlane.start();
  [one, two] = await Promise.all([plane.replica(), plane.replica()]);
  reconciler = plane.busOf('reconciler');
}, 30_000);
afterEach(() => agents.splice(0).forEach((agent) => agent.stop()));
afterAll(() => plane.stop());

type Registered = Awaited<ReturnType<typeof registerAt>>;

async function registered(
  machineId: string,
  kind: 'node' | 'cluster-agent' = 'node',
  cid = 'ky3',
): Promise<Registered> {
  const { token } = await plane.token(kind, { cid });
  return registerAt(one.registerPort, one.gateway.registerCa, { token, kind, machineId });
}

const dial = (replica: Replica, proof: Registered, kind: 'node' | 'cluster-agent' = 'node'): SpecAgent => {
  const agent = new SpecAgent(replica.streamPort, proof, kind);
  agents.push(agent);
  return agent;
};

const input = { osid: 'valkey-00ky3', generation: 2, revision: 3 };
const instruct = (nid: string | null, more: object = {}, cid = 'ky3') =>
  reconciler.request(
    agentGateway.instruct,
    { cid, nid, type: 'DELETE_BUNDLE', body: input, timeoutMs: 2_000, ...more },
    { tenant: 'abcde' },
  );
const obey = (envelope: Envelope) => replyEnvelope(DELETE_BUNDLE, { accepted: true }, envelope.tag);
const answered = { outcome: 'answered', body: { accepted: true } };
const told = (nid: string | null, cid = 'ky3') => plane.neighbours.of(cid, nid);

describe('presence', () => {
  it('is told when an agent says hello, readiness with its first beat, and its certificate’s end', async () => {
    const proof = await registered('hello');
    const agent = dial(one, proof);
    await agent.ask(AgentHello, { version: '1.2.3', capabilities: ['bundles/1'], clusterUid: 'uid-1' });
    await plane.neighbours.until(() => told(proof.nid)?.connected === true);
    expect(told(proof.nid)).toMatchObject({
      ready: false,
      version: '1.2.3',
      capabilities: ['bundles/1'],
      clusterUid: 'uid-1',
    });
    expect(Date.parse(told(proof.nid)?.certificateExpiresAt ?? '')).toBeGreaterThan(Date.now() + 360 * 86_400_000);
    await agent.beat();
    await plane.neighbours.until(() => told(proof.nid)?.ready === true);
  });

  it('of an old agent, which says no hello, is told too, with the version of its beats', async () => {
    const proof = await registered('old');
    const agent = dial(one, proof);
    const holder = await agent.exchange({ type: 'AmIVIPHolder', jsonB64: 'e30=', tag: 't1' });
    expect(JSON.parse(Buffer.from(holder.jsonB64, 'base64').toString())).toEqual({ isHolder: false, generation: 0 });
    const nodes = await agent.exchange({ type: 'GetControlPlaneNodes', jsonB64: '', tag: 't2' });
    expect(JSON.parse(Buffer.from(nodes.jsonB64, 'base64').toString())).toEqual([]);
    await agent.beat();
    await plane.neighbours.until(() => told(proof.nid)?.ready === true && told(proof.nid)?.version === '1.6.0');
    expect(told(proof.nid)?.capabilities).toEqual([]);
  });

  it('is repeated until it is acknowledged', async () => {
    plane.neighbours.deaf = 3;
    const proof = await registered('deaf');
    const agent = dial(one, proof);
    await agent.beat();
    await plane.neighbours.until(() => told(proof.nid)?.ready === true);
    expect(plane.neighbours.deaf).toBeLessThan(0);
    const { rows } = await plane.sql.query('SELECT told_seq <= seq AS ok FROM agent WHERE nid = $1', [proof.nid]);
    expect(rows).toEqual([{ ok: true }]);
  });

  it('ends when beats stop though the stream is open; the stream alone changes nothing about readiness', async () => {
    const proof = await registered('silent');
    const agent = dial(one, proof);
    agent.beatEvery(200);
    await plane.neighbours.until(() => told(proof.nid)?.ready === true);
    agent.stop();
    await plane.neighbours.until(() => told(proof.nid)?.connected === false);
    expect(told(proof.nid)?.ready).toBe(true);
    const back = dial(one, proof);
    await back.beat();
    await plane.neighbours.until(() => told(proof.nid)?.connected === true);
    expect(told(proof.nid)?.ready).toBe(true);
    const lastBeat = Date.now();
    await plane.neighbours.until(() => told(proof.nid)?.ready === false);
    expect(Date.now() - lastBeat).toBeGreaterThan(1_600);
    expect(told(proof.nid)?.connected).toBe(true);
    await back.beat();
    await plane.neighbours.until(() => told(proof.nid)?.ready === true);
  });

  it('of an agent that never comes back ends by itself', async () => {
    const proof = await registered('gone');
    const agent = dial(one, proof);
    await agent.beat();
    await plane.neighbours.until(() => told(proof.nid)?.ready === true);
    agent.stop();
    await plane.neighbours.until(() => told(proof.nid)?.ready === false);
    expect(told(proof.nid)).toMatchObject({ present: false, ready: false });
  });

  it('shows when each agent of a cluster was heard last', async () => {
    const proof = await registered('clock');
    const agent = dial(two, proof);
    const before = Date.now();
    await agent.beat();
    const { agents: all } = await reconciler.request(agentGateway.listHeartbeats, { cids: ['ky3'] }, { tenant: 'abcde' });
    const at = Date.parse(all.find(({ nid }) => nid === proof.nid)?.lastHeartbeatAt ?? '');
    expect(Math.abs(at - before)).toBeLessThan(2_000);
    const others = await reconciler.request(agentGateway.listHeartbeats, { cids: ['ky3'] }, { tenant: 'other' });
    expect(others.agents).toEqual([]);
  });
});

describe('a connection that leads nowhere', () => {
  it('does not keep its agent ready, nor away when it dials again', async () => {
    const proxy = await halfOpenProxy(one.streamPort);
    const proof = await registered('cable');
    const lost = new SpecAgent(proxy.port, proof);
    agents.push(lost);
    lost.beatEvery(100);
    await plane.neighbours.until(() => told(proof.nid)?.ready === true);
    proxy.freeze();
    await plane.neighbours.until(() => told(proof.nid)?.ready === false);
    expect(told(proof.nid)?.connected).toBe(true);
    expect(await instruct(proof.nid, { timeoutMs: 200 })).toEqual({ outcome: 'unknown' });
    const back = dial(two, proof);
    back.onInstruction = obey;
    await back.beat();
    expect(await instruct(proof.nid)).toEqual(answered);
    await plane.neighbours.until(() => told(proof.nid)?.ready === true);
    proxy.stop();
  });
});

describe('an instruction', () => {
  it('reaches the replica that holds the stream, whichever is asked', async () => {
    const proof = await registered('holder');
    const agent = dial(two, proof);
    agent.onInstruction = obey;
    await agent.beat();
    for (let n = 0; n < 12; n += 1) expect(await instruct(proof.nid)).toEqual(answered);
    const tags = agent.heard.filter(({ type }) => type === 'DELETE_BUNDLE').map(({ tag }) => tag);
    expect(new Set(tags).size).toBe(12);
    expect(tags[0]).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  });

  it('follows the agent to another replica at once, without one stale answer', async () => {
    const proof = await registered('mover');
    for (const replica of [one, two, one, two]) {
      const agent = dial(replica, proof);
      agent.onInstruction = obey;
      await agent.beat();
      for (let n = 0; n < 5; n += 1) expect(await instruct(proof.nid)).toEqual(answered);
    }
    const [first] = agents as [SpecAgent];
    expect(await first.ended).toMatchObject({ refusal: 'stream-replaced' });
  });

  it('to nobody is absent, at once; to a silent one unknown, at its deadline; a refusal is passed on', async () => {
    const proof = await registered('slow');
    expect(await instruct(proof.nid)).toEqual({ outcome: 'absent' });
    expect(await instruct('zzzzz')).toEqual({ outcome: 'absent' });
    const agent = dial(one, proof);
    await agent.beat();
    const started = performance.now();
    expect(await instruct(proof.nid, { timeoutMs: 300 })).toEqual({ outcome: 'unknown' });
    expect(performance.now() - started).toBeLessThan(1_000);
    agent.onInstruction = ({ tag }) => errorEnvelope('the disk is full', tag);
    expect(await instruct(proof.nid)).toEqual({ outcome: 'refused', message: 'the disk is full' });
    agent.stop();
    await plane.neighbours.until(() => told(proof.nid)?.connected === false);
    expect(await instruct(proof.nid)).toEqual({ outcome: 'absent' });
  });

  it('is unknown when the stream ends before the answer', async () => {
    const proof = await registered('dropper');
    const agent = dial(two, proof);
    await agent.beat();
    agent.onInstruction = () => void agent.stop() as undefined;
    expect(await instruct(proof.nid)).toEqual({ outcome: 'unknown' });
  });

  it('that does not exist, or is larger than an agent can take, is refused by name', async () => {
    const proof = await registered('picky');
    const agent = dial(one, proof);
    await agent.beat();
    await expect(instruct(proof.nid, { type: 'FLY' })).rejects.toMatchObject({ code: 'request.invalid' });
    const body = { ...input, padding: 'x'.repeat(3_200_000) };
    await expect(instruct(proof.nid, { body })).rejects.toMatchObject({ code: 'request.too_large' });
    agent.onInstruction = obey;
    expect(await instruct(proof.nid)).toEqual(answered);
  });
});

describe('a forgotten cluster', () => {
  it('has no streams, certificates and tokens any more', async () => {
    const proof = await registered('uid-9', 'cluster-agent', 'ky9');
    const { token } = await plane.token('node', { cid: 'ky9' });
    const agent = dial(two, proof, 'cluster-agent');
    await agent.beat();
    await reconciler.request(agentGateway.revokeCluster, { cid: 'ky9' }, { tenant: 'abcde' });
    expect(await agent.ended).toMatchObject({ refusal: 'certificate-revoked' });
    expect(await dial(one, proof, 'cluster-agent').ended).toMatchObject({ refusal: 'certificate-revoked' });
    const late = registerAt(one.registerPort, one.gateway.registerCa, { token, machineId: randomUUID() });
    await expect(late).rejects.toMatchObject({ details: 'the registration token is not valid' });
  });
});
