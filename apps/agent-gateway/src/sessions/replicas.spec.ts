import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DELETE_BUNDLE, replyEnvelope } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import { registerAt, SpecAgent } from '../../test/spec-agent.js';
import { type Replica, SpecPlane } from '../../test/spec-plane.js';

jest.setTimeout(20_000);

let plane: SpecPlane;
let reconciler: Bus;
beforeAll(async () => {
  plane = await SpecPlane.start();
  reconciler = plane.busOf('reconciler');
}, 30_000);
afterAll(() => plane.stop());

const staleMs = 2_000;
const told = (nid: string) => plane.neighbours.of('ky3', nid);

async function registered(replica: Replica, machineId: string) {
  const { token } = await plane.token();
  return registerAt(replica.registerPort, replica.gateway.registerCa, { token, machineId });
}

const instruct = (nid: string) => {
  const body = { osid: 'valkey-00ky3', generation: 2, revision: 3 };
  const input = { cid: 'ky3', nid, type: 'DELETE_BUNDLE', body, timeoutMs: 1_000 };
  return reconciler.request(agentGateway.instruct, input, { tenant: 'abcde' });
};

function dial(replica: Replica, proof: Awaited<ReturnType<typeof registered>>): SpecAgent {
  const agent = new SpecAgent(replica.streamPort, proof);
  agent.onInstruction = ({ tag }) => replyEnvelope(DELETE_BUNDLE, { accepted: true }, tag);
  return agent;
}

const lapse = (replicaOf: string) =>
  plane.sql.query(
    `UPDATE replica SET lease_until = now() - interval '1 ms' WHERE id = (
       SELECT s.replica FROM agent a JOIN session s USING (session_no) WHERE a.nid = $1)`,
    [replicaOf],
  );

describe('a plane that starts again', () => {
  it('flips nobody within the first span, and those who stay away after it', async () => {
    await plane.sql.query(
      `INSERT INTO agent (aid, cid, nid, session_no, seq, told_seq, present, ready, last_beat_at)
       VALUES ('abcde', 'ky3', 'aaaaa', 0, 5, 5, false, true, now() - interval '1 hour'),
              ('abcde', 'ky3', 'bbbbb', 0, 5, 4, false, true, now() - interval '1 hour')`,
    );
    const startedAt = performance.now();
    const replica = await plane.replica();
    await plane.neighbours.until(() => told('bbbbb') !== undefined);
    expect(told('bbbbb')).toMatchObject({ seq: 5, ready: true });
    await plane.neighbours.until(() => told('aaaaa')?.ready === false && told('bbbbb')?.ready === false);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(staleMs);
    expect(told('aaaaa')).toMatchObject({ seq: 6, present: false });
    await replica.service.stop();
  });

  it('closes its sessions when it stops, and tells agents to dial again', async () => {
    const replica = await plane.replica();
    const proof = await registered(replica, 'stopper');
    const agent = dial(replica, proof);
    await agent.beat();
    await replica.service.stop();
    expect(await agent.ended).toMatchObject({ refusal: 'plane-stopping' });
    const { rows } = await plane.sql.query('SELECT present, ready FROM agent WHERE nid = $1', [proof.nid]);
    expect(rows).toEqual([{ present: false, ready: true }]);
    const open = await plane.sql.query('SELECT 1 FROM session WHERE closed_at IS NULL');
    expect(open.rowCount).toBe(0);
    const next = await plane.replica();
    await plane.neighbours.until(() => told(proof.nid)?.connected === false);
    const back = dial(next, proof);
    await back.beat();
    await plane.neighbours.until(() => told(proof.nid)?.connected === true);
    expect(plane.neighbours.presence.some(({ nid, ready, seq }) => nid === proof.nid && !ready && seq > 2)).toBe(false);
    agent.stop();
    back.stop();
    await next.service.stop();
  });
});

describe('two replicas', () => {
  it('of which one died with its lease: its agents are absent, and theirs when they come back', async () => {
    const [dead, alive] = await Promise.all([plane.replica({ pulseMs: 60_000, leaseMs: 120_000 }), plane.replica()]);
    const proof = await registered(dead, 'orphan');
    const agent = dial(dead, proof);
    await agent.beat();
    expect(await instruct(proof.nid)).toMatchObject({ outcome: 'answered' });
    await lapse(proof.nid);
    expect(await instruct(proof.nid)).toEqual({ outcome: 'absent' });
    await plane.neighbours.until(() => told(proof.nid)?.connected === false);
    const back = dial(alive, proof);
    await back.beat();
    expect(await instruct(proof.nid)).toMatchObject({ outcome: 'answered' });
    expect(agent.heard.filter(({ type }) => type === 'DELETE_BUNDLE')).toHaveLength(1);
    await plane.neighbours.until(() => told(proof.nid)?.connected === true);
    for (const each of [agent, back]) each.stop();
    await Promise.all([dead, alive].map(({ service }) => service.stop()));
  });

  it('of which one overslept: it drops its streams as soon as it wakes up', async () => {
    const replica = await plane.replica();
    const proof = await registered(replica, 'sleeper');
    const agent = dial(replica, proof);
    await agent.beat();
    await lapse(proof.nid);
    expect(await agent.ended).toMatchObject({ refusal: 'plane-busy' });
    const back = dial(replica, proof);
    await back.beat();
    expect(await instruct(proof.nid)).toMatchObject({ outcome: 'answered' });
    for (const each of [agent, back]) each.stop();
    await replica.service.stop();
  });
});

describe('what could not be written at its time', () => {
  it('is made up for by the next pulse', async () => {
    const replica = await plane.replica();
    const proof = await registered(replica, 'healer');
    const agent = dial(replica, proof);
    agent.beatEvery(100);
    await plane.neighbours.until(() => told(proof.nid)?.ready === true);
    await plane.sql.query('UPDATE agent SET ready = false WHERE nid = $1', [proof.nid]);
    const seq = told(proof.nid)?.seq ?? 0;
    await plane.neighbours.until(() => told(proof.nid)?.ready === true && (told(proof.nid)?.seq ?? 0) > seq);
    await plane.sql.query(
      `WITH agent AS (
         INSERT INTO agent (aid, cid, nid, session_no, present) VALUES ('abcde', 'ky3', 'ghost', 999999, true))
       INSERT INTO session (session_no, aid, cid, nid, serial, replica)
       SELECT 999999, 'abcde', 'ky3', 'ghost', 'none', replica FROM session WHERE nid = $1 AND closed_at IS NULL`,
      [proof.nid],
    );
    await plane.neighbours.until(() => told('ghost')?.connected === false);
    await plane.sql.query(`UPDATE certificate SET revoked_at = now() WHERE nid = $1`, [proof.nid]);
    expect(await agent.ended).toMatchObject({ refusal: 'certificate-revoked' });
    agent.stop();
    await replica.service.stop();
  });
});
