import type { KubeClient } from '@runos/kube-client';
import type { ObjectApplier } from '../apply/object-applier.js';
import type { RepairRequest } from './repair-request.js';

/**
 * The API server refuses our apply, perhaps because the operator accepts no smaller storage. Where no volume has grown
 * beyond the desired storage, one write with the annotations of the kind makes it smaller. Returns true if it did.
 */
export async function shrinkStorage(
  client: KubeClient,
  applier: ObjectApplier,
  { instance, state, desired, signal }: RepairRequest,
): Promise<boolean> {
  const { claims, shrinkAnnotations } = state.kind;
  const { capacity = Infinity } = instance.claimSizes;
  if (claims === undefined || shrinkAnnotations === undefined) return false;
  const live = await client.find(state.ref, { signal });
  const [before, after] = [live, desired].map((object) => object && claims(object)[0]?.storage);
  if (before === undefined || after === undefined || before <= after || capacity > after) return false;
  const annotations = { ...desired.metadata.annotations, ...shrinkAnnotations };
  const annotated = { ...desired, metadata: { ...desired.metadata, annotations } };
  return (await applier.applyObject(annotated, { signal })).kind === 'applied';
}
