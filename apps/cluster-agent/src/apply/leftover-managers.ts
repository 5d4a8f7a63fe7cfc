import { type CallOptions, type JsonPatchStep, KubeError, type KubeClient } from '@runos/kube-client';
import { isOurUpdate, type KubeObject, type ManagedFields, refOf } from '@runos/kube-objects';

/** Made by our own create or put, or by Kubernetes when somebody wiped managedFields: it would co-own our fields for ever. */
const leftover = (entry: ManagedFields): boolean => entry.manager === 'before-first-apply' || isOurUpdate(entry);

/** The object without ownership entries that only keep removed fields alive. */
export async function withoutLeftovers(client: KubeClient, object: KubeObject, call: CallOptions): Promise<KubeObject> {
  const entries = object.metadata.managedFields ?? [];
  const steps = entries.flatMap((entry, index) => (leftover(entry) ? [{ entry, index }] : [])).reverse();
  if (steps.length === 0) return object;
  const patch: JsonPatchStep[] = [
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    ...steps.map(({ index }) => ({ op: 'remove' as const, path: `/metadata/managedFields/${index}` })),
  ];
  try {
    return await client.jsonPatch(refOf(object), patch, call);
  } catch (thrown) {
    // Somebody wrote in between: the entry does no harm until the next apply looks again.
    if (thrown instanceof KubeError && !thrown.outage) return object;
    throw thrown;
  }
}
