import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AgentHello } from '@runos/agent-protocol';
import { Database } from '@runos/persistence';
import { waitUntil } from '@runos/testing-process';
import { registerAt, stopTestAgents, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';
import { AgentRepository } from '../agents/agent-repository.js';
import { OrphanedSessionRepository } from './orphaned-session-repository.js';
import { SessionRepository } from './session-repository.js';

let harness: Harness;
let replica: Replica;
useReplica((started) => ({ harness, replica } = started), { databasePoolSize: 4, leaseMs: 2_000 });
afterEach(() => {
  jest.restoreAllMocks();
  stopTestAgents();
});

const connection = (nid: string) => harness.services.connectionOf('ky3', nid);

async function registered(machineId: string) {
  const { token } = await harness.token();
  return registerAt(replica.registerPort, replica.registerCa, { token, machineId });
}

/** Resolves when session maintenance has run twice from now on. */
async function maintained(): Promise<void> {
  const { calls } = jest.spyOn(replica.service.app.get(OrphanedSessionRepository), 'closeNotHeld').mock;
  const before = calls.length;
  const because = () => `session maintenance has run ${calls.length - before} times, not twice`;
  await waitUntil(() => calls.length >= before + 2, { because });
}

describe('session maintenance', () => {
  it('closes no session whose row is committed before its replica holds it', async () => {
    const credentials = await registered('opening');
    const sessions = replica.service.app.get(SessionRepository);
    const original = sessions.open.bind(sessions);
    jest.spyOn(sessions, 'open').mockImplementationOnce(async (...input) => {
      const opened = await original(...input);
      await maintained();
      return opened;
    });
    const agent = new TestAgent(replica.streamPort, credentials);
    await agent.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    const reports = harness.services.connections.filter(({ nid }) => nid === credentials.nid);
    expect(reports.filter(({ connected }) => !connected)).toEqual([]);
    const open = 'SELECT 1 FROM session WHERE nid = $1 AND closed_at IS NULL';
    expect((await harness.sql.query(open, [credentials.nid])).rowCount).toBe(1);
  });

  it('closes no session that opened after it counted those that it holds', async () => {
    const credentials = await registered('uncounted');
    const orphans = replica.service.app.get(OrphanedSessionRepository);
    const original = orphans.closeNotHeld.bind(orphans);
    const dialed = new Promise<TestAgent>((resolve) => {
      jest.spyOn(orphans, 'closeNotHeld').mockImplementationOnce(async (...input) => {
        const agent = new TestAgent(replica.streamPort, credentials);
        await agent.heartbeat();
        const closed = await original(...input);
        resolve(agent);
        return closed;
      });
    });
    const agent = await dialed;
    await maintained();
    await agent.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.connected === true);
    const reports = harness.services.connections.filter(({ nid }) => nid === credentials.nid);
    expect(reports.filter(({ connected }) => !connected)).toEqual([]);
  });

  it('closes no session of its own replica, whose lease has expired since it began', async () => {
    const credentials = await registered('expiring');
    const agent = new TestAgent(replica.streamPort, credentials);
    await agent.heartbeat();
    await harness.services.until(() => connection(credentials.nid)?.connected === true);
    const orphans = replica.service.app.get(OrphanedSessionRepository);
    const original = orphans.closeNotHeld.bind(orphans);
    const { calls } = jest.spyOn(orphans, 'disconnectOrphaned').mock;
    /** Whether the maintenance disconnected orphans after its lease had expired. A late renewal delays that. */
    const expireDuringMaintenance = async (): Promise<boolean> => {
      const before = calls.length;
      await waitUntil(() => calls.length > before, { because: () => 'orphans are left' });
      const { leaseId, from } = await new Promise<{ leaseId: string; from: number }>((resolve) => {
        jest.spyOn(orphans, 'closeNotHeld').mockImplementationOnce(async (...input) => {
          const closed = await original(...input);
          await harness.sql.query(`UPDATE replica SET lease_expires_at = now() - interval '1 ms'`);
          resolve({ leaseId: input[0], from: calls.length });
          return closed;
        });
      });
      await maintained();
      return calls.slice(from).some(([id]) => id === leaseId);
    };
    await waitUntil(expireDuringMaintenance, { because: () => 'each renewal was late' });
    await agent.heartbeat();
    const reports = harness.services.connections.filter(({ nid }) => nid === credentials.nid);
    expect(reports.filter(({ connected }) => !connected)).toEqual([]);
  });

  it('moves a session to the new lease that was opening with the expired one', async () => {
    const credentials = await registered('late');
    await new TestAgent(replica.streamPort, credentials).heartbeat();
    stopTestAgents();
    const { nid } = credentials;
    await harness.services.until(() => connection(nid)?.connected === false);
    await harness.untilAcknowledged();
    const keep = jest.spyOn(replica.service.app.get(SessionRepository), 'keep');
    const open = jest.spyOn(replica.service.app.get(SessionRepository), 'open');
    const lock = await harness.client();
    await lock.query('BEGIN');
    await lock.query('SELECT 1 FROM agent_gateway.agent WHERE nid = $1 FOR UPDATE', [nid]);
    const heartbeat = new TestAgent(replica.streamPort, credentials).heartbeat();
    const isWaiting = async () => open.mock.calls.length > 0 && (await harness.countWaiting()) > 0;
    await waitUntil(isWaiting, { because: () => 'no session waits for the row' });
    await harness.sql.query(`UPDATE replica SET lease_expires_at = now() - interval '1 s'`);
    const isReplaced = () => keep.mock.results.length > 0;
    await waitUntil(isReplaced, { because: () => 'the lease was not replaced' });
    await lock.query('COMMIT');
    await heartbeat;
    const isLeased = async () => {
      const { rowCount } = await harness.sql.query(
        `SELECT 1 FROM session s JOIN replica r ON r.id = s.replica_id
         WHERE s.nid = $1 AND s.closed_at IS NULL AND r.lease_expires_at > now()`,
        [nid],
      );
      return rowCount === 1;
    };
    await waitUntil(isLeased, { because: () => 'the session has an expired lease' });
  });

  it('never writes an older readiness over the first heartbeat', async () => {
    const credentials = await registered('first');
    const agent = new TestAgent(replica.streamPort, credentials);
    await agent.request(AgentHello, { version: '1.2.3', capabilities: [] });
    const agents = replica.service.app.get(AgentRepository);
    const original = agents.writeHeartbeats.bind(agents);
    await new Promise<void>((resolve) => {
      jest.spyOn(agents, 'writeHeartbeats').mockImplementationOnce(async (...input) => {
        await agent.heartbeat();
        await sleep(300); // whatever the heartbeat writes at once is written
        const changed = await original(...input);
        resolve();
        return changed;
      });
    });
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    const reports = harness.services.connections.filter(({ nid }) => nid === credentials.nid);
    const firstReady = reports.findIndex(({ ready }) => ready);
    expect(reports.slice(firstReady).filter(({ ready }) => !ready)).toEqual([]);
  });

  it('renews the lease while every connection of the pool is in use', async () => {
    const { manager } = replica.service.app.get(Database);
    const busy = Array.from({ length: 16 }, () => manager.query('SELECT pg_sleep(0.7)'));
    const end = new AbortController();
    const done = Promise.all(busy).finally(() => end.abort());
    while (!end.signal.aborted) {
      const { rows } = await harness.sql.query('SELECT 1 FROM replica WHERE lease_expires_at > now()');
      expect(rows).toHaveLength(1);
      await sleep(100);
    }
    await done;
  });
});
