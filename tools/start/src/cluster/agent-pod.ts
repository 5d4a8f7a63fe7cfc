import type { KubeObject } from '@runos/kube-objects';
import type { Kubectl } from '@runos/testing-kube';
import { clusterAgentName } from '../options.js';
import { planeName } from '../services/services.js';
import { deploymentOf, fieldManager } from './agent-manifests.js';
import { type AgentContext, registrationToken } from './agents.js';

interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string }[];
}

interface DeploymentSpec {
  readonly template: { readonly spec: { readonly containers: readonly Container[] } };
}

/** Runs the cluster agent as a pod, by the shipped Deployment with the image and the facts of this plane filled in. */
export async function deployClusterAgent(agent: AgentContext, kubectl: Kubectl, image: string): Promise<void> {
  const { token, caSha256 } = await registrationToken(agent, 'cluster-agent');
  const facts = {
    aid: agent.aid,
    server: planeName,
    'register-port': String(agent.endpoints.register),
    'stream-port': String(agent.endpoints.stream),
    'ca-sha256': caSha256,
    addons: agent.addons,
  };
  const shipped = deploymentOf(agent.builds.checkoutOf('cluster-agent'));
  const items = [
    secret('cluster-agent-registration', { token }),
    ...shipped.map((object) => {
      if (object.kind === 'ConfigMap') return { ...object, data: facts };
      return object.kind === 'Deployment' ? withImage(object, image, agent.environments[clusterAgentName]) : object;
    }),
  ];
  await kubectl.apply(items, fieldManager);
}

const secret = (name: string, stringData: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'runos' },
  stringData,
});

/** The additional variables replace those of the Deployment. */
function withImage(
  deployment: KubeObject,
  image: string,
  environment: Readonly<Record<string, string>> = {},
): KubeObject {
  const { template, ...spec } = deployment['spec'] as DeploymentSpec;
  const added = Object.entries(environment).map(([name, value]) => ({ name, value }));
  const containers = template.spec.containers.map(({ env, ...container }) => ({
    ...container,
    image,
    env: [...env.filter(({ name }) => environment[name] === undefined), ...added],
  }));
  return { ...deployment, spec: { ...spec, template: { ...template, spec: { ...template.spec, containers } } } };
}
