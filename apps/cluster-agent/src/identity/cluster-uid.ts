import type { KubeClient } from '@runos/kube-client';

/** A cluster is its `kube-system` namespace: that lives exactly as long, and a copy of a cluster's Secrets has another. */
export async function clusterUid(client: KubeClient, signal: AbortSignal): Promise<string> {
  const namespace = await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, { signal });
  return namespace.metadata.uid ?? '';
}
