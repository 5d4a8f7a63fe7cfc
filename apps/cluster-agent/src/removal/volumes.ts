import type { KubeClient } from '@runos/kube-client';
import { claimKind } from '@runos/kube-kinds';
import { type KubeObject, mapAt, textOf } from '@runos/kube-objects';

export const volumeKind = { apiVersion: 'v1', kind: 'PersistentVolume' } as const;

/** The namespace of the claim that a volume was provisioned for or is bound to. */
export const claimNamespace = (volume: KubeObject): string | undefined =>
  textOf(mapAt(volume, 'spec', 'claimRef')['namespace']);

/** The name of the volume that a claim is bound to. */
export const volumeOf = (claim: KubeObject): string | undefined => textOf(mapAt(claim, 'spec')['volumeName']);

/** True if the reclaim policy keeps the volume after its claim is deleted. */
export const isRetained = (volume: KubeObject): boolean =>
  mapAt(volume, 'spec')['persistentVolumeReclaimPolicy'] === 'Retain';

/** The volumes of these names that exist and belong to claims of the instance. */
export async function existingVolumes(
  client: KubeClient,
  osid: string,
  names: Iterable<string>,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const found = await Promise.all([...names].map((name) => client.find({ ...volumeKind, name }, { signal })));
  return found.flatMap((volume) => (volume && claimNamespace(volume) === osid ? [volume] : []));
}

/** True while the claim that the volume is bound to exists. */
export async function isClaimed(client: KubeClient, volume: KubeObject, signal: AbortSignal): Promise<boolean> {
  const { name, namespace, uid } = mapAt(volume, 'spec', 'claimRef');
  const ref = { ...claimKind, namespace: textOf(namespace), name: String(name) };
  return (await client.find(ref, { signal }))?.metadata.uid === uid;
}

/** The namespace of each volume's claim. It finds volumes of an instance whose other objects are all deleted. */
export class VolumeIndex {
  readonly #namespaces = new Map<string, string>();
  #hasSynced = false;

  /** False until all volumes of the cluster were listed once. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  set(volume: KubeObject): void {
    const namespace = claimNamespace(volume);
    if (namespace === undefined) this.#namespaces.delete(volume.metadata.name);
    else this.#namespaces.set(volume.metadata.name, namespace);
  }

  delete({ metadata: { name } }: KubeObject): void {
    this.#namespaces.delete(name);
  }

  /** Deletes volumes that were not in a complete list. */
  retain(isListed: (name: string) => boolean): void {
    for (const name of this.#namespaces.keys()) if (!isListed(name)) this.#namespaces.delete(name);
    this.#hasSynced = true;
  }

  namesFor(osid: string): string[] {
    return [...this.#namespaces].flatMap(([name, namespace]) => (namespace === osid ? [name] : []));
  }
}
