import { afterEach } from '@jest/globals';
import { type Harness, type Replica, useReplica } from './harness.js';
import { registerAt, stopTestAgents, TestAgent } from './test-agent.js';

type Registered = Awaited<ReturnType<typeof registerAt>>;

/** One replica with a registered cluster agent and a registered node, for the specs of one file. */
export class RegisteredAgents {
  harness!: Harness;
  replica!: Replica;
  cluster!: Registered;
  node!: Registered;

  /** Starts before the specs of the file and stops after them. Agents are stopped after each spec. */
  static use(): RegisteredAgents {
    const agents = new RegisteredAgents();
    useReplica(async (started) => {
      Object.assign(agents, started);
      agents.cluster = await agents.register('cluster-agent', 'uid-3');
      agents.node = await agents.register('node', 'machine-3');
    });
    afterEach(stopTestAgents);
    return agents;
  }

  async register(kind: 'node' | 'cluster-agent', machineId: string): Promise<Registered> {
    const { token } = await this.harness.token(kind);
    return registerAt(this.replica.registerPort, this.replica.registerCa, { token, kind, machineId });
  }

  dial(credentials: Registered, kind: 'node' | 'cluster-agent' = 'cluster-agent'): TestAgent {
    return new TestAgent(this.replica.streamPort, credentials, kind);
  }
}
