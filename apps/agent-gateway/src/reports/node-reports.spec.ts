import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { NodeAgentHeartbeatToServer, streamService } from '@runos/agent-protocol';
import { RegisteredAgents } from '../../test/registered-agents.js';
import { callAs, refusalOf } from '../../test/test-agent.js';

const agents = RegisteredAgents.use();
const connection = () => agents.harness.services.connectionOf('ky3', agents.node.nid);
const heartbeat = { externalIpAddress: '', isCp: true, isWorker: true, status: 'not_installed', version: '1.6.0' };

describe('a node agent', () => {
  it('is refused the installation of Kubernetes with a sentence, since an empty list would look like a success', async () => {
    const port = agents.replica.streamPort;
    const refused = {
      code: status.FAILED_PRECONDITION,
      details: expect.stringMatching(/^this control plane does not install Kubernetes: create the cluster with /),
      refusal: 'not-offered',
    };
    const { GetInstallVpnCommands, GetInstallCommands } = streamService;
    expect(await refusalOf(callAs(port, agents.node, GetInstallVpnCommands, {}))).toEqual(refused);
    const refusal = await refusalOf(callAs(port, agents.node, GetInstallCommands, { jsonB64FileList: '' }));
    expect(refusal).toEqual(refused);
    // Agents repeat the call when the text contains both.
    expect(JSON.stringify(refusal)).not.toMatch(/node agent.*is not connected/);
  });

  it('reports the state of Kubernetes and its roles; unknown roles leave the known ones', async () => {
    const agent = agents.dial(agents.node, 'node');
    await agent.request(NodeAgentHeartbeatToServer, heartbeat);
    await agents.harness.services.until(() => connection()?.kubernetesStatus === 'not_installed');
    expect(connection()?.roles).toEqual(['control-plane', 'worker']);
    await agent.request(NodeAgentHeartbeatToServer, { ...heartbeat, status: 'ready', isCp: false });
    await agents.harness.services.until(() => connection()?.kubernetesStatus === 'ready');
    expect(connection()?.roles).toEqual(['worker']);
    const unknown = { ...heartbeat, isWorker: false, isCp: false, rolesKnown: false, status: 'cordoned' };
    await agent.request(NodeAgentHeartbeatToServer, unknown);
    await agents.harness.services.until(() => connection()?.kubernetesStatus === 'cordoned');
    expect(connection()?.roles).toEqual(['worker']);
    agent.stop();
    const again = agents.dial(agents.node, 'node');
    await again.request(NodeAgentHeartbeatToServer, { ...unknown, status: 'not_ready' });
    await agents.harness.services.until(() => connection()?.kubernetesStatus === 'not_ready');
    expect(connection()?.roles).toEqual(['worker']);
  });
});
