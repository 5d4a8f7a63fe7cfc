import { describe, expect, it } from '@jest/globals';
import { ClusterAgentHeartbeatToServer } from '@runos/agent-protocol';
import { RegisteredAgents } from '../../test/registered-agents.js';

const agents = RegisteredAgents.use();
const connection = () => agents.harness.services.connectionOf('ky3', null);
const problem = { verb: 'list', apiVersion: 'v1', kind: 'Pod', message: 'pods is forbidden' };

describe('the problems of a cluster agent', () => {
  it('are reported to the reconciler when they begin, change and end', async () => {
    const agent = agents.dial(agents.cluster, 'cluster-agent');
    await agent.request(ClusterAgentHeartbeatToServer, {});
    await agents.harness.services.until(() => connection()?.problems?.length === 0);
    await agent.request(ClusterAgentHeartbeatToServer, { problems: [problem] });
    await agents.harness.services.until(() => connection()?.problems?.length === 1);
    expect(connection()?.problems).toEqual([problem]);
    agent.stop();
    const again = agents.dial(agents.cluster, 'cluster-agent');
    await agents.harness.services.until(() => connection()?.connected === true);
    expect(connection()?.problems).toEqual([problem]);
    await again.request(ClusterAgentHeartbeatToServer, {});
    await agents.harness.services.until(() => connection()?.problems?.length === 0);
  });
});
