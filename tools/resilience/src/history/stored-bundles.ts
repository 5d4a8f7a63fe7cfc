import { gunzipSync } from 'node:zlib';
import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { KindCatalog, type PackedKinds, unpackKinds } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import type { PlaneClient } from '@runos/tool-e2e';

/** The revision that the agent stores of an instance. */
export interface StoredRevision {
  readonly osid: string;
  readonly generation: number;
  readonly revision: number;
  readonly digest: string;
}

/** A Secret of the agent: the stored revision and its objects. */
export interface StoredBundle {
  readonly stored: StoredRevision;
  /** Empty for a tombstone. */
  readonly objects: readonly KubeObject[];
  readonly kinds: KindCatalog;
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
export const storedRevisions = async (client: KubeClient): Promise<ReadonlyMap<string, StoredRevision>> =>
  new Map((await storedBundles(client)).map(({ stored }) => [stored.osid, stored]));

/** The bundles that the agent stores. */
export async function storedBundles(client: KubeClient): Promise<StoredBundle[]> {
  const labelSelector = 'runos.com/bundle=true';
  return (await client.list({ apiVersion: 'v1', kind: 'Secret', namespace: 'runos', labelSelector })).map(bundleOf);
}

function bundleOf(secret: KubeObject): StoredBundle {
  const data = secret['data'] as Readonly<Record<string, string>>;
  const bytes = (key: string): Buffer => Buffer.from(data[key] ?? '', 'base64');
  const json = (key: string): unknown =>
    data[key] === undefined ? undefined : JSON.parse(bytes(key).toString('utf8'));
  const stored = json('record') as StoredRevision;
  const objects = data['objects'] === undefined ? '[]' : gunzipSync(bytes('objects')).toString('utf8');
  const kinds = json('kinds') as PackedKinds | undefined;
  return {
    stored,
    objects: JSON.parse(objects) as KubeObject[],
    kinds: new KindCatalog(kinds === undefined ? [] : unpackKinds(kinds)),
  };
}
