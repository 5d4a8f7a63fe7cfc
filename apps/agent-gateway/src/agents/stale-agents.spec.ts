import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { AgentHello } from '@runos/agent-protocol';
import { hourMs } from '@runos/kernel';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { type Harness, type Replica, useReplica } from '../../test/harness.js';

/** Longer than a pause of a busy process. */
const staleAfterMs = 5_000;
/** Only the planned check of each agent finds that it is stale, no maintenance. */
const never = { maintenanceIntervalMs: hourMs / 2, leaseMs: hourMs };

let harness: Harness;
let replica: Replica;
useReplica((started) => ({ harness, replica } = started), { ...never, staleAfterMs });
beforeAll(() => sleep(staleAfterMs)); // agents of the previous process get this time to reconnect

let machines = 0;

/** An agent that sends heartbeats by hand, and the time after the last one at which it was not ready any more. */
class ObservedAgent {
  #heartbeatAt = 0;
  #agent!: TestAgent;
  #credentials!: Awaited<ReturnType<typeof registerAt>>;

  static async registered(): Promise<ObservedAgent> {
    const observed = new ObservedAgent();
    const { token } = await harness.token();
    const machineId = `observed-${machines++}`;
    observed.#credentials = await registerAt(replica.registerPort, replica.registerCa, { token, machineId });
    observed.dial();
    return observed;
  }

  dial(): void {
    this.#agent = new TestAgent(replica.streamPort, this.#credentials);
  }

  async heartbeat(): Promise<void> {
    this.#heartbeatAt = performance.now();
    await this.#agent.heartbeat();
  }

  async hello(): Promise<void> {
    await this.#agent.request(AgentHello, { version: '1.2.3', capabilities: [] });
  }

  async close(): Promise<void> {
    this.#agent.stop();
    await this.until(({ connected }) => !connected);
  }

  async staleMs(): Promise<number> {
    await this.until(({ ready }) => !ready);
    return performance.now() - this.#heartbeatAt;
  }

  until(holds: (state: { connected: boolean; ready: boolean }) => boolean): Promise<void> {
    return harness.services.until(() => {
      const connection = harness.services.connectionOf('ky3', this.#credentials.nid);
      return connection !== undefined && holds(connection);
    });
  }
}

describe('an agent without heartbeats', () => {
  it.each([
    ['one sends and closes, then the other', ['heartbeat one', 'close one', 'heartbeat two', 'close two']],
    ['both send, then they close in that order', ['heartbeat one', 'heartbeat two', 'close one', 'close two']],
    [
      'both send, and the one that sent later closes first',
      ['heartbeat one', 'heartbeat two', 'close two', 'close one'],
    ],
    ['one sends and closes, the other sends and freezes', ['heartbeat one', 'close one', 'heartbeat two']],
    ['one freezes, the other sends and closes', ['heartbeat one', 'heartbeat two', 'close two']],
  ])('is not ready in time: %s', async (_, steps) => {
    const agents = { one: await ObservedAgent.registered(), two: await ObservedAgent.registered() };
    await Promise.all(Object.values(agents).map((agent) => agent.heartbeat()));
    await Promise.all(Object.values(agents).map((agent) => agent.until(({ ready }) => ready)));
    const stale: Promise<number>[] = [];
    for (const [index, step] of steps.entries()) {
      const [action, name] = step.split(' ') as ['heartbeat' | 'close', keyof typeof agents];
      await agents[name][action]();
      await sleep(index === 0 ? 1_400 : 200);
      if (steps.slice(index + 1).every((later) => later !== `heartbeat ${name}`) && action === 'heartbeat')
        stale.push(agents[name].staleMs());
    }
    for (const ms of await Promise.all(stale)) expect(ms).toBeGreaterThanOrEqual(staleAfterMs);
    await Promise.all(Object.values(agents).map((agent) => agent.close()));
  });

  it('is not ready in time although it opens another stream', async () => {
    const agent = await ObservedAgent.registered();
    await agent.heartbeat();
    await agent.until(({ ready }) => ready);
    await sleep(1_500);
    await agent.close();
    agent.dial();
    await agent.hello();
    expect(await agent.staleMs()).toBeGreaterThanOrEqual(staleAfterMs);
    await agent.close();
  });
});
