import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { Harness, type Replica } from './harness.js';
import { registerAt, TestAgent } from './test-agent.js';

type Registered = Awaited<ReturnType<typeof registerAt>>;

/** One replica with a registered cluster agent and a registered node, for the specs of one file. */
export class RegisteredAgents {
  harness!: Harness;
  replica!: Replica;
  cluster!: Registered;
  node!: Registered;
  readonly #dialled: TestAgent[] = [];

  /** Starts before the specs of the file and stops after them. Agents are stopped after each spec. */
  static use(): RegisteredAgents {
    const agents = new RegisteredAgents();
    beforeAll(async () => {
      agents.harness = await Harness.start();
      agents.replica = await agents.harness.replica();
      agents.cluster = await agents.register('cluster-agent', 'uid-3');
      agents.node = await agents.register('node', 'machine-3');
    }, 30_000);
    afterEach(() => agents.#dialled.splice(0).forEach((agent) => agent.stop()));
    afterAll(() => agents.harness.stop());
    return agents;
  }

  async register(kind: 'node' | 'cluster-agent', machineId: string): Promise<Registered> {
    const { token } = await this.harness.token(kind);
    return registerAt(this.replica.registerPort, this.replica.registerCa, { token, kind, machineId });
  }

  dial(credentials: Registered, kind: 'node' | 'cluster-agent' = 'cluster-agent'): TestAgent {
    const agent = new TestAgent(this.replica.streamPort, credentials, kind);
    this.#dialled.push(agent);
    return agent;
  }
}
