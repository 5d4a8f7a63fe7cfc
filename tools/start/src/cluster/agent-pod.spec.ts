import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '@runos/kube-objects';
import type { Kubectl } from '@runos/testing-kube';
import { repository } from '../options.js';
import { deployClusterAgent } from './agent-pod.js';
import { type AgentContext } from './agents.js';

/** What is applied for an agent that finds the plane at this stream port. */
async function applied(stream: number): Promise<KubeObject[]> {
  const agent = {
    aid: 'l8kk4',
    endpoints: { server: '127.0.0.1', register: 9191, stream, caFile: '' },
    addons: 'all',
    environments: { 'cluster-agent': { RUNOS_OPS_PORT: '8081' } },
    builds: { checkoutOf: () => repository },
    api: { post: async () => ({ token: `runos_reg_${Math.random()}`, caSha256: 'ab' }) },
  } as unknown as AgentContext;
  const objects: KubeObject[] = [];
  const apply = async (items: readonly object[]): Promise<void> => void objects.push(...(items as KubeObject[]));
  await deployClusterAgent(agent, { apply } as unknown as Kubectl, 'registry.invalid/cluster-agent:1');
  return objects;
}

const templateOf = (objects: readonly KubeObject[]): unknown =>
  (objects.find(({ kind }) => kind === 'Deployment')?.['spec'] as { template: unknown }).template;

describe('the Deployment of the cluster agent', () => {
  it('has the image, the variables and the ConfigMap of this plane', async () => {
    const objects = await applied(9192);
    const container = { image: 'registry.invalid/cluster-agent:1', env: expect.any(Array) };
    expect(templateOf(objects)).toMatchObject({
      metadata: { labels: { 'app.kubernetes.io/name': 'cluster-agent' } },
      spec: { containers: [container] },
    });
    expect(JSON.stringify(templateOf(objects))).toContain('{"name":"RUNOS_OPS_PORT","value":"8081"}');
    expect(objects.find(({ kind }) => kind === 'ConfigMap')).toMatchObject({ data: { 'stream-port': '9192' } });
  });

  it('replaces its pod when the ConfigMap changes, and only then', async () => {
    const template = templateOf(await applied(9192));
    expect(templateOf(await applied(9193))).not.toEqual(template);
    expect(templateOf(await applied(9192))).toEqual(template);
  });
});
