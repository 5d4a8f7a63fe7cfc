import { randomBytes } from 'node:crypto';
import { type TestCluster, useTestCluster } from '@runos/testing-kube';
import { bearer } from '../src/cluster-access.js';
import { KubeClient } from '../src/kube-client.js';

/** A real API server, an administrator's client, and a namespace of its own. */
export interface KubeHarness {
  readonly cluster: TestCluster;
  readonly client: KubeClient;
  readonly namespace: string;
  /** Another administrator's client, with another address or other options. */
  newClient(changes?: { server?: string }, options?: ConstructorParameters<typeof KubeClient>[1]): KubeClient;
  stop(): Promise<void>;
}

export async function startKubeHarness(): Promise<KubeHarness> {
  const cluster = await useTestCluster();
  const { server, ca, token } = cluster;
  const newClient: KubeHarness['newClient'] = (changes, options) =>
    new KubeClient({ server, ca, ...bearer(token), ...changes }, options);
  const client = newClient();
  const namespace = `client-${randomBytes(4).toString('hex')}`;
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  return {
    cluster,
    client,
    namespace,
    newClient,
    async stop() {
      try {
        await client.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
      } finally {
        await client.close();
        await cluster.stop();
      }
    },
  };
}

export const configMap = (namespace: string, name: string, data: Record<string, string> = {}, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels },
  data,
});
