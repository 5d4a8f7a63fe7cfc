import type { KubeClient } from '@runos/kube-client';
import { mapAt, textOf } from '@runos/kube-objects';

/** Names of the volumes behind an instance's claims that the cluster's policy keeps when the claims are gone. */
export async function keptVolumes(client: KubeClient, osid: string, signal: AbortSignal): Promise<string[]> {
  const claims = await client.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: osid }, { signal });
  const names = claims.flatMap((claim) => textOf(mapAt(claim, 'spec')['volumeName']) ?? []);
  const volumes = await Promise.all(
    names.map((name) => client.find({ apiVersion: 'v1', kind: 'PersistentVolume', name }, { signal })),
  );
  return volumes.flatMap((volume) =>
    volume && mapAt(volume, 'spec')['persistentVolumeReclaimPolicy'] === 'Retain' ? [volume.metadata.name] : [],
  );
}
