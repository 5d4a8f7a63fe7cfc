import { KubeClient, readKubeconfig } from '@runos/kube-client';
import type { PlaneClient } from '@runos/tool-e2e';

/** The revision and the digest that the agent stores of an instance. */
export interface StoredRevision {
  readonly osid: string;
  readonly revision: number;
  readonly digest: string;
}

/** Calls `work` with administrator's access to the cluster. */
export async function withCluster<T>(plane: PlaneClient, work: (client: KubeClient) => Promise<T>): Promise<T> {
  const client = new KubeClient(await readKubeconfig(plane.info.kubeconfig));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** What the agent stores of each instance, by its OSID. */
export async function storedRevisions(client: KubeClient): Promise<ReadonlyMap<string, StoredRevision>> {
  const labelSelector = 'runos.com/bundle=true';
  const secrets = await client.list({ apiVersion: 'v1', kind: 'Secret', namespace: 'runos', labelSelector });
  return new Map(
    secrets.map((secret) => {
      const { record = '' } = secret['data'] as Record<string, string>;
      const stored = JSON.parse(Buffer.from(record, 'base64').toString('utf8')) as StoredRevision;
      return [stored.osid, stored];
    }),
  );
}
