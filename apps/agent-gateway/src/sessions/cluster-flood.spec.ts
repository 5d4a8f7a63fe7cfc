import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHello } from '@runos/agent-protocol';
import { poolShare } from '@runos/persistence';
import { waitUntil } from '@runos/testing-process';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { AgentRepository } from '../agents/agent-repository.js';
import { SessionRegistry } from './session-registry.js';
import { SessionRequests } from './session-requests.js';

const deadlineMs = 60_000;
const databasePoolSize = 4;
const { perKey: shareOfPool } = poolShare(databasePoolSize);

let harness: Harness;
let replica: Replica;
useReplica((started) => ({ harness, replica } = started), {
  databasePoolSize,
  databaseStatementTimeoutMs: 2 * deadlineMs, // no statement gives up before the deadline
});
afterEach(() => {
  jest.restoreAllMocks();
});

const hello = { version: '1', capabilities: [] };

async function agentOf(cid: string, machineId: string) {
  const { token } = await harness.token('node', { cid });
  return registerAt(replica.registerPort, replica.registerCa, { token, machineId });
}

/** Opens a session, which ends again. */
async function connectOnce(credentials: Awaited<ReturnType<typeof agentOf>>): Promise<void> {
  const agent = new TestAgent(replica.streamPort, credentials);
  await agent.request(AgentHello, hello);
  agent.stop();
  await agent.ended;
}

const served = (agent: TestAgent): Promise<string> =>
  Promise.race([
    agent.request(AgentHello, hello).then(() => 'served', String),
    sleep(deadlineMs, 'not served', { ref: false }),
  ]);

describe('the sessions of a cluster whose statements wait', () => {
  it('leave connections of the pool to those of another cluster', async () => {
    const machines = Array.from({ length: 8 }, (_, n) => `machine-${n}`);
    const flooding = await Promise.all(machines.map((machine) => agentOf('ky3', machine)));
    const other = await agentOf('ky4', 'other');
    await Promise.all([...flooding, other].map(connectOnce));
    await harness.services.until(() => harness.services.connections.filter(({ connected }) => !connected).length >= 9);
    await harness.untilAcknowledged();
    const { calls } = jest.spyOn(replica.service.app.get(SessionRegistry), 'open').mock;
    const lock = await harness.client();
    await lock.query(`BEGIN; SELECT 1 FROM agent_gateway.agent WHERE cid = 'ky3' FOR UPDATE`);
    const dialled = flooding.map((each) => new TestAgent(replica.streamPort, each));
    const opening = Promise.allSettled(dialled.map((agent) => agent.request(AgentHello, hello)));
    await waitUntil(async () => calls.length === dialled.length && (await harness.countWaiting()) >= shareOfPool, {
      deadlineMs,
      because: () => `of ${calls.length} sessions that open, too few wait for the lock`,
    });
    const neighbour = new TestAgent(replica.streamPort, other);
    const outcome = await served(neighbour);
    await lock.query('ROLLBACK');
    await lock.end();
    await opening;
    for (const agent of [...dialled, neighbour]) agent.stop();
    expect(outcome).toBe('served');
  });

  it('do not delay the heartbeats of another cluster, and wait in the share of their cluster only', async () => {
    const flooding = await Promise.all(
      ['heartbeat-1', 'heartbeat-2', 'heartbeat-3', 'heartbeat-4'].map((each) => agentOf('ky6', each)),
    );
    const other = await agentOf('ky7', 'other');
    const dialled = flooding.map((each) => new TestAgent(replica.streamPort, each));
    const neighbour = new TestAgent(replica.streamPort, other);
    for (const agent of [...dialled, neighbour]) await agent.request(AgentHello, hello);
    await harness.untilAcknowledged();
    const isReady = (cid: string, nid: string) => harness.services.connectionOf(cid, nid)?.ready === true;
    const lock = await harness.client();
    await lock.query(`BEGIN; SELECT 1 FROM agent_gateway.agent WHERE cid = 'ky6' FOR UPDATE`);
    for (let n = 0; n < 20; n += 1) await Promise.all(dialled.map((agent) => agent.heartbeat()));
    await waitUntil(async () => (await harness.countWaiting()) > 0, {
      deadlineMs,
      because: () => 'no statement waits',
    });
    await neighbour.heartbeat();
    await harness.services.until(() => isReady('ky7', other.nid));
    expect(await harness.countWaiting()).toBeLessThanOrEqual(shareOfPool);
    expect(flooding.some(({ nid }) => isReady('ky6', nid))).toBe(false);
    await lock.query('ROLLBACK');
    await lock.end();
    await harness.services.until(() => flooding.every(({ nid }) => isReady('ky6', nid)));
    for (const agent of [...dialled, neighbour]) agent.stop();
  });

  it('are read alternately with those of others, however many are not acknowledged', async () => {
    harness.services.connectionFailures = Infinity;
    await harness.sql.query(
      `INSERT INTO agent (aid, cid, nid, session_no, seq, connected, capabilities)
       SELECT 'aaaaa', 'ky8', 'n' || n, 1, 1, false, '{}'::text[] FROM generate_series(1, 1100) AS n
       UNION ALL SELECT 'zzzzz', 'ky9', 'n1', 1, 1, false, '{}'::text[]`,
    );
    const found = await replica.service.app.get(AgentRepository).notAcknowledged(1_000);
    harness.services.connectionFailures = 0;
    expect(found).toHaveLength(1_000);
    expect(found.slice(0, 20).map(({ aid }) => aid)).toContain('zzzzz');
    await harness.sql.query(`DELETE FROM agent WHERE cid IN ('ky8', 'ky9')`);
  });

  it('keep no statement of their cluster waiting while NATS confirms their subscriptions', async () => {
    const opening = await Promise.all(['slow-1', 'slow-2', 'slow-3', 'slow-4'].map((each) => agentOf('ky5', each)));
    const other = await agentOf('ky5', 'other');
    const subscribe = jest.spyOn(replica.service.app.get(SessionRequests), 'subscribe');
    let confirm: () => void = () => undefined;
    const confirmed = new Promise<() => void>((resolve) => (confirm = () => resolve(() => undefined)));
    subscribe.mockReturnValue(confirmed);
    const dialled = opening.map((each) => new TestAgent(replica.streamPort, each));
    const opened = Promise.allSettled(dialled.map((agent) => agent.request(AgentHello, hello)));
    const { calls } = subscribe.mock;
    try {
      await waitUntil(() => calls.length === dialled.length, {
        deadlineMs,
        because: () => `${calls.length} subscribe`,
      });
      subscribe.mockRestore();
      expect(await served(new TestAgent(replica.streamPort, other))).toBe('served');
    } finally {
      confirm();
      await opened;
    }
  });
});
