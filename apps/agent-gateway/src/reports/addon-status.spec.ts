import { describe, expect, it } from '@jest/globals';
import { AddonStatus, AgentHello } from '@runos/agent-protocol';
import { RegisteredAgents } from '../../test/registered-agents.js';

const agents = RegisteredAgents.use();

describe('the status of add-ons', () => {
  const hello = { version: '1', capabilities: [] };
  const body = { addons: [{ name: 'cloudnative-pg', present: true, ours: false, version: '1.27.0' }] };

  it('is requested in the reply to the hello of a cluster agent only', async () => {
    const addons = [
      { name: 'cert-manager', crd: 'certificates.cert-manager.io', image: '', versionKey: 'app.kubernetes.io/version' },
      { name: 'cloudnative-pg', crd: 'clusters.postgresql.cnpg.io', image: 'cloudnative-pg/cloudnative-pg' },
      {
        name: 'gateway-api',
        crd: 'httproutes.gateway.networking.k8s.io',
        image: '',
        versionKey: 'gateway.networking.k8s.io/bundle-version',
      },
    ];
    expect(await agents.dial(agents.cluster).request(AgentHello, hello)).toEqual({ addons });
    expect(await agents.dial(agents.node, 'node').request(AgentHello, hello)).toEqual({});
  });

  it('is sent to the reconciler for the account, cluster and session of the agent, with its number, and acknowledged', async () => {
    const { services } = agents.harness;
    const first = agents.dial(agents.cluster);
    await first.request(AddonStatus, body);
    await first.request(AddonStatus, body);
    first.stop();
    await agents.dial(agents.cluster).request(AddonStatus, body);
    expect(services.addons).toMatchObject([
      { ...body, aid: 'abcde', cid: 'ky3', sequence: 1 },
      { ...body, aid: 'abcde', cid: 'ky3', sequence: 2 },
      { ...body, aid: 'abcde', cid: 'ky3', sequence: 1 },
    ]);
    const [before, , after] = services.addons.map(({ sessionNo }) => sessionNo);
    expect(after).toBeGreaterThan(before ?? Infinity);
  });

  it('is refused for a node agent, and while it cannot be stored', async () => {
    await expect(agents.dial(agents.node, 'node').request(AddonStatus, body)).rejects.toThrow('not for a node');
    agents.harness.services.reconcilerUnavailable = true;
    try {
      await expect(agents.dial(agents.cluster).request(AddonStatus, body)).rejects.toThrow('database');
    } finally {
      agents.harness.services.reconcilerUnavailable = false;
    }
  });
});
