import { type CallOptions, type JsonPatchStep, KubeError, type KubeClient } from '@runos/kube-client';
import {
  type FieldPattern,
  isCreated,
  isOurApply,
  isOurUpdate,
  type KubeObject,
  type ManagedFields,
  refOf,
  withoutOwned,
} from '@runos/kube-objects';

/** Entry of our own create or replace, or of Kubernetes after managedFields were cleared. It would co-own our fields. */
const isSuperfluous = (entry: ManagedFields): boolean => entry.manager === 'before-first-apply' || isOurUpdate(entry);

/** Removes ownership entries that would keep removed fields alive. Returns the object after that. */
export async function removeUpdateEntries(
  client: KubeClient,
  object: KubeObject,
  call: CallOptions,
): Promise<KubeObject> {
  const entries = object.metadata.managedFields ?? [];
  const indexes = entries.flatMap((entry, index) => (isSuperfluous(entry) ? [index] : [])).reverse();
  if (indexes.length === 0) return object;
  const patch: JsonPatchStep[] = [
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    ...indexes.map((index) => ({ op: 'remove' as const, path: `/metadata/managedFields/${index}` })),
  ];
  try {
    return await client.jsonPatch(refOf(object), patch, call);
  } catch (thrown) {
    // The object was written in between. The entry is harmless until the next apply removes it.
    if (thrown instanceof KubeError && !thrown.isOutage) return object;
    throw thrown;
  }
}

/**
 * Converts the Update entry of our create to an Apply entry, as csaupgrade of client-go does. The next apply then
 * removes fields that are no longer desired. The desired labels are written with it: the admission policy refuses every
 * write of a namespace that leaves it without a Pod Security Standard.
 * Returns the object after that.
 * @throws KubeError 409 if the object has changed since it was read.
 */
export async function adoptCreatedFields(
  client: KubeClient,
  live: KubeObject,
  desired: KubeObject,
  call: CallOptions,
): Promise<KubeObject> {
  if (!isCreated(live)) return live;
  const { resourceVersion, managedFields = [] } = live.metadata;
  const adopted = managedFields.map((entry) => (isOurUpdate(entry) ? { ...entry, operation: 'Apply' } : entry));
  const { labels } = desired.metadata;
  return client.mergePatch(refOf(live), { metadata: { resourceVersion, managedFields: adopted, labels } }, call);
}

/**
 * Gives up our ownership of fields that are left to others, so that an apply without them does not remove their values.
 * @throws KubeError 409 if the object has changed since it was read.
 */
export async function releaseFields(
  client: KubeClient,
  live: KubeObject,
  left: readonly FieldPattern[],
  call: CallOptions,
): Promise<KubeObject> {
  const entries = live.metadata.managedFields ?? [];
  const index = entries.findIndex((entry) => isOurApply(entry));
  const owned = entries[index]?.fieldsV1;
  const kept = owned && withoutOwned(owned, left);
  if (kept === undefined || kept === owned) return live;
  const patch: JsonPatchStep[] = [
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    { op: 'replace', path: `/metadata/managedFields/${index}/fieldsV1`, value: kept },
  ];
  return client.jsonPatch(refOf(live), patch, call);
}

/**
 * Replaces the live object with the desired one, then applies it so that the ownership is that of an apply. Needed when
 * a foreign change cannot be merged with ours: two list items of one name, `value` beside `valueFrom`. `initial`: the
 * desired object with the first values of fields that are left to others.
 */
export async function replaceThenApply(
  client: KubeClient,
  { initial, desired }: { readonly initial: KubeObject; readonly desired: KubeObject },
  call: CallOptions,
): Promise<KubeObject> {
  const live = await client.get(refOf(desired), call);
  await client.replace(replacementOf(live, initial), call);
  return client.apply(desired, call);
}

/** The desired object as a replacement of the live one, whose status, other labels and annotations stay. */
export function replacementOf(live: KubeObject, desired: KubeObject): KubeObject {
  const metadata = {
    ...live.metadata,
    managedFields: undefined,
    labels: { ...live.metadata.labels, ...desired.metadata.labels },
    annotations: { ...live.metadata.annotations, ...desired.metadata.annotations },
  };
  return { ...desired, metadata, status: live['status'] };
}
