import type { CallOptions, KubeClient } from '@runos/kube-client';
import { type KubeObject, refOf } from '@runos/kube-objects';

/**
 * Puts the rendered object over the live one, then applies it so that the fields are owned as after any other apply.
 * Needed when a foreign change cannot be merged with ours: two list items of one name, `value` beside `valueFrom`.
 */
export async function putOver(client: KubeClient, wanted: KubeObject, call: CallOptions): Promise<KubeObject> {
  const live = await client.get(refOf(wanted), call);
  const metadata = {
    ...live.metadata,
    managedFields: undefined,
    labels: { ...live.metadata.labels, ...wanted.metadata.labels },
    annotations: { ...live.metadata.annotations, ...wanted.metadata.annotations },
  };
  await client.replace({ ...wanted, metadata, status: live['status'] }, call);
  return client.apply(wanted, call);
}
