import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DELETE_BUNDLE, replyEnvelope } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import { waitUntil } from '@runos/testing-process';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useHarness } from '../../test/harness.js';
import { SessionRepository } from './session-repository.js';

let harness: Harness;
let reconciler: Bus;
useHarness((started) => {
  harness = started;
  reconciler = harness.busOf('reconciler');
});
/** A replica of an earlier test would close sessions of a later one. */
afterEach(() => harness.stopReplicas());

const staleMs = 2_000;
const connection = (nid: string) => harness.services.connectionOf('ky3', nid);

async function registered(replica: Replica, machineId: string) {
  const { token } = await harness.token();
  return registerAt(replica.registerPort, replica.registerCa, { token, machineId });
}

const instruct = (nid: string) => {
  const body = { osid: 'valkey-00ky3', generation: 2, revision: 3 };
  const input = { cid: 'ky3', nid, type: 'DELETE_BUNDLE', body, timeoutMs: 5_000 };
  return reconciler.request(agentGateway.instruct, input, { tenant: 'abcde' });
};

/** Resolves when an instruction reaches the agent again. */
async function reachable(nid: string): Promise<void> {
  let last: unknown;
  const isReplied = async () => (last = (await instruct(nid)).outcome) === 'replied';
  const because = () => `no reply to an instruction of ${nid}, but ${String(last)}; ${JSON.stringify(connection(nid))}`;
  await waitUntil(isReplied, { everyMs: 100, because });
}

function dial(replica: Replica, credentials: Awaited<ReturnType<typeof registered>>): TestAgent {
  const agent = new TestAgent(replica.streamPort, credentials);
  agent.onInstruction = ({ tag }) => replyEnvelope(DELETE_BUNDLE, { accepted: true }, tag);
  return agent;
}

const expireLease = (nid: string) =>
  harness.sql.query(
    `UPDATE replica SET lease_expires_at = now() - interval '1 ms' WHERE id = (
       SELECT s.replica_id FROM agent a JOIN session s USING (session_no) WHERE a.nid = $1)`,
    [nid],
  );

describe('a restart', () => {
  it('keeps agents ready for one stale period, and sets those that do not reconnect to not ready after it', async () => {
    await harness.sql.query(
      `INSERT INTO agent (aid, cid, nid, session_no, seq, acknowledged_seq, connected, ready, last_heartbeat_at)
       VALUES ('abcde', 'ky3', 'aaaaa', 0, 5, 5, false, true, now() - interval '1 hour'),
              ('abcde', 'ky3', 'bbbbb', 0, 5, 4, false, true, now() - interval '1 hour')`,
    );
    const startedAt = performance.now();
    await harness.replica();
    await harness.services.until(() => connection('bbbbb') !== undefined);
    const first = harness.services.connections.find(({ nid }) => nid === 'bbbbb');
    expect(first).toMatchObject({ seq: 5, ready: true });
    await harness.services.until(() => connection('aaaaa')?.ready === false && connection('bbbbb')?.ready === false);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(staleMs);
    expect(connection('aaaaa')).toMatchObject({ seq: 6, connected: false });
  });

  it('closes all sessions with the code plane-stopping', async () => {
    const timing = { staleAfterMs: 60_000 }; // longer than the other replica takes to start
    const replica = await harness.replica(timing);
    const credentials = await registered(replica, 'stopper');
    const agent = dial(replica, credentials);
    await agent.heartbeat();
    await replica.service.stop();
    expect(await agent.ended).toMatchObject({ refusal: 'plane-stopping' });
    const { rows } = await harness.sql.query('SELECT connected, ready FROM agent WHERE nid = $1', [credentials.nid]);
    expect(rows).toEqual([{ connected: false, ready: true }]);
    const open = await harness.sql.query('SELECT 1 FROM session WHERE closed_at IS NULL');
    expect(open.rowCount).toBe(0);
    const next = await harness.replica(timing);
    await harness.services.until(() => connection(credentials.nid)?.connected === false);
    const back = dial(next, credentials);
    await back.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.connected === true);
    expect(
      harness.services.connections.some(({ nid, ready, seq }) => nid === credentials.nid && !ready && seq > 2),
    ).toBe(false);
  });
});

describe('two replicas', () => {
  it('of which one loses its lease: its agents are disconnected, and reconnect to the other', async () => {
    const [failed, running] = await Promise.all([
      harness.replica({ maintenanceIntervalMs: 60_000, leaseMs: 120_000 }),
      harness.replica(),
    ]);
    const credentials = await registered(failed, 'orphan');
    const agent = dial(failed, credentials);
    await agent.heartbeat();
    expect(await instruct(credentials.nid)).toMatchObject({ outcome: 'replied' });
    await expireLease(credentials.nid);
    expect(await instruct(credentials.nid)).toEqual({ outcome: 'absent' });
    await harness.services.until(() => connection(credentials.nid)?.connected === false);
    const back = dial(running, credentials);
    await back.heartbeat();
    expect(await instruct(credentials.nid)).toMatchObject({ outcome: 'replied' });
    expect(agent.received.filter(({ type }) => type === 'DELETE_BUNDLE')).toHaveLength(1);
    await harness.services.until(() => connection(credentials.nid)?.connected === true);
  });

  it('of which one renews its lease too late: its streams stay open, if no other replica has closed their sessions', async () => {
    const replica = await harness.replica();
    const credentials = await registered(replica, 'survivor');
    const agent = dial(replica, credentials);
    await agent.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.connected === true);
    await expireLease(credentials.nid);
    expect(await instruct(credentials.nid)).toEqual({ outcome: 'absent' });
    await reachable(credentials.nid);
    expect(connection(credentials.nid)?.connected).toBe(true);
  });

  it('of which one renews its lease too late, and cannot move its sessions: the next renewal moves them', async () => {
    const replica = await harness.replica();
    const early = await registered(replica, 'mover');
    const later = await registered(replica, 'later');
    const agent = dial(replica, early);
    await agent.heartbeat();
    await harness.services.until(() => connection(early.nid)?.connected === true);
    const blocker = await harness.client();
    await blocker.query('BEGIN');
    await blocker.query('UPDATE agent_gateway.session SET nid = nid WHERE nid = $1', [early.nid]);
    const keep = jest.spyOn(replica.service.app.get(SessionRepository), 'keep');
    keep.mockRejectedValueOnce(new Error('the connection to the database is lost'));
    await expireLease(early.nid);
    const isLocked = () => harness.logLines.some(({ locked }) => locked === 1);
    await waitUntil(isLocked, { because: () => 'no locked session was found' });
    const second = dial(replica, later);
    await second.heartbeat();
    await blocker.query('ROLLBACK');
    await reachable(early.nid);
    expect(await instruct(later.nid)).toMatchObject({ outcome: 'replied' });
    expect(connection(early.nid)?.connected).toBe(true);
  });

  it('of which one renews its lease too late: the streams of sessions that were closed meanwhile end', async () => {
    const replica = await harness.replica();
    const credentials = await registered(replica, 'sleeper');
    const agent = dial(replica, credentials);
    await agent.heartbeat();
    await harness.sql.query(
      `WITH expired AS (
         UPDATE replica SET lease_expires_at = now() - interval '1 ms'
         WHERE id IN (SELECT replica_id FROM session WHERE nid = $1 AND closed_at IS NULL))
       UPDATE session SET closed_at = now() WHERE nid = $1`,
      [credentials.nid],
    );
    expect(await agent.ended).toMatchObject({ refusal: 'plane-busy' });
    const back = dial(replica, credentials);
    await back.heartbeat();
    expect(await instruct(credentials.nid)).toMatchObject({ outcome: 'replied' });
  });
});

describe('an outage of the database', () => {
  it('ends no stream, although every lease expires in it', async () => {
    const replicas = await Promise.all([1, 2].map(() => harness.replica({ leaseMs: 2_000, staleAfterMs: 60_000 })));
    const nids = await Promise.all(
      replicas.map(async (replica, n) => {
        const credentials = await registered(replica, `outage-${n}`);
        const agent = dial(replica, credentials);
        agent.heartbeatEvery(200);
        await harness.services.until(() => connection(credentials.nid)?.ready === true);
        return credentials.nid;
      }),
    );
    const before = harness.services.connections.length;
    await harness.withoutDatabase(3_000);
    for (const nid of nids) await reachable(nid);
    const since = harness.services.connections.slice(before).filter(({ nid }) => nid !== null && nids.includes(nid));
    expect(since.filter(({ connected, ready }) => !connected || !ready)).toEqual([]);
  });
});

describe('a transition that could not be written', () => {
  it('is repaired by the next session maintenance', async () => {
    const replica = await harness.replica();
    const credentials = await registered(replica, 'healer');
    const agent = dial(replica, credentials);
    agent.heartbeatEvery(100);
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    // Read before the change: the maintenance may repair and report it before the next statement here.
    const seq = connection(credentials.nid)?.seq ?? 0;
    await harness.sql.query('UPDATE agent SET ready = false WHERE nid = $1', [credentials.nid]);
    await harness.services.until(
      () => connection(credentials.nid)?.ready === true && (connection(credentials.nid)?.seq ?? 0) > seq,
    );
    await harness.sql.query(
      `WITH agent AS (
         INSERT INTO agent (aid, cid, nid, session_no, connected) VALUES ('abcde', 'ky3', 'ghost', 0, true))
       INSERT INTO session (session_no, aid, cid, nid, serial, replica_id)
       SELECT 0, 'abcde', 'ky3', 'ghost', 'none', replica_id FROM session WHERE nid = $1 AND closed_at IS NULL`,
      [credentials.nid],
    );
    await harness.services.until(() => connection('ghost')?.connected === false);
    await harness.sql.query(`UPDATE certificate SET revoked_at = now() WHERE nid = $1`, [credentials.nid]);
    expect(await agent.ended).toMatchObject({ refusal: 'certificate-revoked' });
  });
});
