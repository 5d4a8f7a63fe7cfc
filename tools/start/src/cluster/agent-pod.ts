import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { planeName } from '../services/services.js';
import { type AgentContext, registrationToken } from './agents.js';
import { type Kubectl } from './kubectl.js';

interface Manifest {
  readonly kind: string;
  readonly data?: Record<string, string>;
  readonly spec?: { template: { spec: { containers: { image: string }[] } } };
}

/** Runs the cluster agent as a pod, by the shipped Deployment with the image and the facts of this plane filled in. */
export async function deployClusterAgent(agent: AgentContext, kubectl: Kubectl, image: string): Promise<void> {
  const file = join(agent.builds.checkoutOf('cluster-agent'), 'deploy', 'cluster-agent', 'deployment.yaml');
  const manifests = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Manifest);
  const { token, caSha256 } = await registrationToken(agent, 'cluster-agent');
  const facts = {
    aid: agent.aid,
    server: planeName,
    'register-port': String(agent.endpoints.register),
    'stream-port': String(agent.endpoints.stream),
    'ca-sha256': caSha256,
    addons: agent.addons,
  };
  const items = [
    secret('cluster-agent-registration', { token }),
    ...manifests.map(({ spec, ...manifest }) => ({
      ...manifest,
      ...(manifest.kind === 'ConfigMap' && { data: facts }),
      ...(spec && { spec: withImage(spec, image) }),
    })),
  ];
  await kubectl.apply(items);
}

const secret = (name: string, stringData: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'runos' },
  stringData,
});

function withImage({ template, ...spec }: Manifest['spec'] & {}, image: string): Manifest['spec'] & {} {
  const containers = template.spec.containers.map((container) => ({ ...container, image }));
  return { ...spec, template: { ...template, spec: { ...template.spec, containers } } };
}
