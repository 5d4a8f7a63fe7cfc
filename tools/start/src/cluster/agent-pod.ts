import { createHash } from 'node:crypto';
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

interface PodTemplate {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly Container[] };
}

interface DeploymentSpec {
  readonly template: PodTemplate;
}

/** What differs between the shipped Deployment and that of this plane. */
interface OwnPod {
  readonly image: string;
  /** The data of the ConfigMap that the environment of the pod refers to. */
  readonly config: Readonly<Record<string, string>>;
  /** These variables replace those of the Deployment. */
  readonly environment?: Readonly<Record<string, string>>;
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
  const own = { image, config: facts, environment: agent.environments[clusterAgentName] };
  const shipped = deploymentOf(agent.builds.checkoutOf('cluster-agent'));
  const items = [
    secret('cluster-agent-registration', { token }),
    ...shipped.map((object) => {
      if (object.kind === 'ConfigMap') return { ...object, data: facts };
      return object.kind === 'Deployment' ? withOwnPod(object, own) : object;
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

function withOwnPod(deployment: KubeObject, { image, config, environment = {} }: OwnPod): KubeObject {
  const { template, ...spec } = deployment['spec'] as DeploymentSpec;
  const { metadata } = template;
  const added = Object.entries(environment).map(([name, value]) => ({ name, value }));
  const containers = template.spec.containers.map(({ env, ...container }) => ({
    ...container,
    image,
    env: [...env.filter(({ name }) => environment[name] === undefined), ...added],
  }));
  // Variables are read once. A changed template lets the Deployment replace a pod that has those of an earlier start.
  const annotations = { ...metadata.annotations, 'checksum/config': digestOf(config) };
  const ownTemplate = { metadata: { ...metadata, annotations }, spec: { ...template.spec, containers } };
  return { ...deployment, spec: { ...spec, template: ownTemplate } };
}

const digestOf = (data: object): string => createHash('sha256').update(JSON.stringify(data)).digest('hex');
