import { randomBytes } from 'node:crypto';
import { type TestCluster, useTestCluster } from '@runos/testing-kube';
import { bearer } from '../src/cluster-access.js';
import { KubeClient } from '../src/kube-client.js';

/** A real API server, its administrator, and a namespace of the spec's own. */
export interface SpecCluster {
  readonly cluster: TestCluster;
  readonly client: KubeClient;
  readonly namespace: string;
  /** As the administrator, by another way or with other settings. */
  other(changes?: { server?: string }, options?: ConstructorParameters<typeof KubeClient>[1]): KubeClient;
  stop(): Promise<void>;
}

export async function specCluster(): Promise<SpecCluster> {
  const cluster = await useTestCluster();
  const { server, ca, token } = cluster;
  const other: SpecCluster['other'] = (changes, options) =>
    new KubeClient({ server, ca, ...bearer(token), ...changes }, options);
  const client = other();
  const namespace = `client-${randomBytes(4).toString('hex')}`;
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  return {
    ...{ cluster, client, namespace, other },
    async stop() {
      await client.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
      await client.close();
      await cluster.stop();
    },
  };
}

export const configMap = (namespace: string, name: string, data: Record<string, string> = {}, labels = {}) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data },
});
