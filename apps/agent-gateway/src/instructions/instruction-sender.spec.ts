import { describe, expect, it } from '@jest/globals';
import { AgentHello, DELETE_BUNDLE, replyEnvelope } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import { RegisteredAgents } from '../../test/registered-agents.js';
import type { TestAgent } from '../../test/test-agent.js';

const agents = RegisteredAgents.use();

const connection = () => agents.harness.services.connectionOf('ky3', null);
const replied = { outcome: 'replied', body: { accepted: true } };

/** The cluster agent with these credentials, in the Kubernetes cluster `clusterUid`. */
async function connected(credentials: typeof agents.cluster, clusterUid: string): Promise<TestAgent> {
  const agent = agents.dial(credentials);
  agent.onInstruction = ({ tag }) => replyEnvelope(DELETE_BUNDLE, { accepted: true }, tag);
  await agent.request(AgentHello, { version: '1.0.0', capabilities: ['bundles/1'], clusterUid });
  return agent;
}

const instruct = (sessionNo: number | undefined) => {
  const body = { osid: 'valkey-00ky3', generation: 2, revision: 3 };
  const input = { cid: 'ky3', nid: null, sessionNo, type: 'DELETE_BUNDLE', body, timeoutMs: 10_000 };
  return agents.harness.busOf('reconciler').request(agentGateway.instruct, input, { tenant: 'abcde' });
};

const instructionsOf = (agent: TestAgent) => agent.received.filter(({ type }) => type === 'DELETE_BUNDLE');

describe('an instruction for one session', () => {
  it('never reaches a newer one, whose connection the reconciler has not recorded', async () => {
    const { services } = agents.harness;
    await connected(agents.cluster, 'uid-1');
    await services.until(() => connection()?.connected === true);
    const accepted = connection()?.sessionNo;
    expect(await instruct(accepted)).toEqual(replied);
    services.connectionFailures = 1_000;
    const foreign = await connected(await agents.register('cluster-agent', 'uid-2'), 'uid-2');
    expect(await instruct(accepted)).toEqual({ outcome: 'absent' });
    expect(instructionsOf(foreign)).toEqual([]);
    expect(connection()?.sessionNo).toBe(accepted);
    services.connectionFailures = 0;
    await services.until(() => connection()?.clusterUid === 'uid-2' && connection()?.connected === true);
    expect(await instruct(connection()?.sessionNo)).toEqual(replied);
    expect(instructionsOf(foreign)).toHaveLength(1);
  });

  it('makes the connection be reported again if the reconciler has lost it', async () => {
    const { services } = agents.harness;
    await connected(await agents.register('cluster-agent', 'uid-4'), 'uid-1');
    await services.until(() => connection()?.connected === true);
    const { sessionNo = 0 } = connection() ?? {};
    services.connections.length = 0;
    expect(await instruct(sessionNo - 1)).toEqual({ outcome: 'absent' });
    await services.until(() => connection()?.sessionNo === sessionNo);
  });

  it('reaches the newest session if an older reconciler names none', async () => {
    const agent = await connected(await agents.register('cluster-agent', 'uid-3'), 'uid-1');
    expect(await instruct(undefined)).toEqual(replied);
    expect(instructionsOf(agent)).toHaveLength(1);
  });
});
