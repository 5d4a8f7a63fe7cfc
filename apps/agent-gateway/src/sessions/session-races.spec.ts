import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { AgentHello } from '@runos/agent-protocol';
import { Database } from '@runos/persistence';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';
import { AgentRepository } from '../agents/agent-repository.js';
import { SessionRepository } from './session-repository.js';

jest.setTimeout(20_000);

let harness: Harness;
let replica: Replica;
useReplica((started) => ({ harness, replica } = started), { databasePoolSize: 4, leaseMs: 2_000 });

const connection = (nid: string) => harness.services.connectionOf('ky3', nid);

async function registered(machineId: string) {
  const { token } = await harness.token();
  return registerAt(replica.registerPort, replica.registerCa, { token, machineId });
}

/** Resolves when session maintenance has run twice from now on. */
async function maintained(): Promise<void> {
  const renewals = jest.spyOn(replica.service.app.get(SessionRepository), 'closeNotHeld');
  while (renewals.mock.calls.length < 2) await sleep(20);
  renewals.mockRestore();
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
    agent.stop();
  });

  it('closes no session that opened after it counted those that it holds', async () => {
    const credentials = await registered('uncounted');
    const sessions = replica.service.app.get(SessionRepository);
    const original = sessions.closeNotHeld.bind(sessions);
    const dialed = new Promise<TestAgent>((resolve) => {
      jest.spyOn(sessions, 'closeNotHeld').mockImplementationOnce(async (...input) => {
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
    agent.stop();
  });

  it('never writes an older readiness over the first heartbeat', async () => {
    const credentials = await registered('first');
    const agent = new TestAgent(replica.streamPort, credentials);
    await agent.request(AgentHello, { version: '1.2.3', capabilities: [] });
    const agents = replica.service.app.get(AgentRepository);
    const original = agents.writeHeartbeats.bind(agents);
    await new Promise<void>((resolve) => {
      jest.spyOn(agents, 'writeHeartbeats').mockImplementationOnce(async (heartbeats) => {
        await agent.heartbeat();
        await sleep(300); // whatever the heartbeat writes at once is written
        const changed = await original(heartbeats);
        resolve();
        return changed;
      });
    });
    await harness.services.until(() => connection(credentials.nid)?.ready === true);
    const reports = harness.services.connections.filter(({ nid }) => nid === credentials.nid);
    const firstReady = reports.findIndex(({ ready }) => ready);
    expect(reports.slice(firstReady).filter(({ ready }) => !ready)).toEqual([]);
    agent.stop();
  });

  it('renews the lease while every connection of the pool is in use', async () => {
    const { manager } = replica.service.app.get(Database);
    const busy = Array.from({ length: 16 }, () => manager.query('SELECT pg_sleep(0.7)'));
    let settled = false;
    const done = Promise.all(busy).then(() => (settled = true));
    while (!settled) {
      const { rows } = await harness.sql.query('SELECT 1 FROM replica WHERE lease_expires_at > now()');
      expect(rows).toHaveLength(1);
      await sleep(100);
    }
    await done;
  });
});
