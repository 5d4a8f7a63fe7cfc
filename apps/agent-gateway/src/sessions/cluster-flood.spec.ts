import { describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHello } from '@runos/agent-protocol';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';
import { registerAt, TestAgent } from '../../test/test-agent.js';

jest.setTimeout(30_000);

let harness: Harness;
let replica: Replica;
useReplica((started) => ({ harness, replica } = started), { databasePoolSize: 4 });

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

describe('the sessions of a cluster whose statements wait', () => {
  it('leave connections of the pool to those of another cluster', async () => {
    const machines = Array.from({ length: 8 }, (_, n) => `machine-${n}`);
    const flooding = await Promise.all(machines.map((machine) => agentOf('ky3', machine)));
    const other = await agentOf('ky4', 'other');
    await Promise.all([...flooding, other].map(connectOnce));
    await harness.services.until(() => harness.services.connections.filter(({ connected }) => !connected).length >= 9);
    const lock = await harness.client();
    await lock.query(`BEGIN; SELECT 1 FROM agent_gateway.agent WHERE cid = 'ky3' FOR UPDATE`);
    const dialled = flooding.map((each) => new TestAgent(replica.streamPort, each));
    const opening = Promise.allSettled(dialled.map((agent) => agent.request(AgentHello, hello)));
    await sleep(500); // all of them have arrived
    const neighbour = new TestAgent(replica.streamPort, other);
    const outcome = await Promise.race([
      neighbour.request(AgentHello, hello).then(() => 'served'),
      sleep(3_000).then(() => 'not served'),
    ]);
    await lock.query('ROLLBACK');
    await lock.end();
    await opening;
    for (const agent of [...dialled, neighbour]) agent.stop();
    expect(outcome).toBe('served');
  });
});
