import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AddonStatus, AgentHello } from '@runos/agent-protocol';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { Harness, type Replica } from '../../test/harness.js';

type Registered = Awaited<ReturnType<typeof registerAt>>;

let harness: Harness;
let replica: Replica;
let cluster: Registered;
let node: Registered;
const agents: TestAgent[] = [];

async function registered(kind: 'node' | 'cluster-agent', machineId: string): Promise<Registered> {
  const { token } = await harness.token(kind);
  return registerAt(replica.registerPort, replica.registerCa, { token, kind, machineId });
}

beforeAll(async () => {
  harness = await Harness.start();
  replica = await harness.replica();
  cluster = await registered('cluster-agent', 'uid-3');
  node = await registered('node', 'machine-3');
}, 30_000);
afterEach(() => agents.splice(0).forEach((agent) => agent.stop()));
afterAll(() => harness.stop());

function dial(credentials: Registered, kind: 'node' | 'cluster-agent' = 'cluster-agent'): TestAgent {
  const agent = new TestAgent(replica.streamPort, credentials, kind);
  agents.push(agent);
  return agent;
}

describe('the status of add-ons', () => {
  const hello = { version: '1', capabilities: [] };
  const body = { addons: [{ name: 'cloudnative-pg', present: true, ours: false, version: '1.27.0' }] };

  it('is asked for in the reply to the hello of a cluster agent only', async () => {
    const addons = [
      { name: 'cloudnative-pg', crd: 'clusters.postgresql.cnpg.io', image: 'cloudnative-pg/cloudnative-pg' },
    ];
    expect(await dial(cluster).request(AgentHello, hello)).toEqual({ addons });
    expect(await dial(node, 'node').request(AgentHello, hello)).toEqual({});
  });

  it('is sent to the reconciler for the account, cluster and session of the agent, and acknowledged', async () => {
    const { services } = harness;
    const first = dial(cluster);
    await first.request(AddonStatus, body);
    first.stop();
    await dial(cluster).request(AddonStatus, body);
    expect(services.addons).toMatchObject([
      { ...body, aid: 'abcde', cid: 'ky3' },
      { ...body, aid: 'abcde', cid: 'ky3' },
    ]);
    const [before, after] = services.addons.map(({ sessionNo }) => sessionNo);
    expect(after).toBeGreaterThan(before ?? Infinity);
  });

  it('is refused for a node agent, and while it cannot be stored', async () => {
    await expect(dial(node, 'node').request(AddonStatus, body)).rejects.toThrow('not for a node');
    harness.services.reconcilerUnavailable = true;
    try {
      await expect(dial(cluster).request(AddonStatus, body)).rejects.toThrow('database');
    } finally {
      harness.services.reconcilerUnavailable = false;
    }
  });
});
