import type { CallOptions, KubeClient } from '@runos/kube-client';
import { isCreated, isOurUpdate, type KubeObject, refOf } from '@runos/kube-objects';

/**
 * Makes the entry that our create left in an object one of an apply: the next apply then takes away what it no longer
 * brings. Defaults go with it and are filled in again. Refused with 409 if the object is another by now.
 */
export async function ownAsApplied(client: KubeClient, live: KubeObject, call: CallOptions): Promise<void> {
  if (!isCreated(live)) return;
  const { resourceVersion, managedFields = [] } = live.metadata;
  const owned = managedFields.map((entry) => (isOurUpdate(entry) ? { ...entry, operation: 'Apply' } : entry));
  await client.mergePatch(refOf(live), { metadata: { resourceVersion, managedFields: owned } }, call);
}
