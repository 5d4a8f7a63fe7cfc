import { type CallOptions, isConflict, isRefusal, type JsonPatchStep, type KubeClient } from '@runos/kube-client';
import {
  type ExclusiveFields,
  type FieldPath,
  foreignContent,
  isCreated,
  isEmptyMap,
  type KubeObject,
  pointersOf,
  refOf,
  valueAt,
} from '@runos/kube-objects';
import { removeUpdateEntries } from '../apply/managed-fields.js';

/** So many writers in a row between a read and our patch are a conflict, which the back-off of errors delays. */
const maxAttempts = 4;

/** An object before and after the removal; the same object if there was nothing to remove. */
export interface Removal {
  readonly before: KubeObject;
  readonly after: KubeObject;
}

/**
 * Removes what others have added to the exclusive fields of an object, unless it is desired: an apply corrects that. The
 * patch applies to the state that was compared, and to no later one. Undefined if the object was deleted meanwhile.
 * @throws KubeError if the API server refuses the result, or if the object changes faster than it is patched
 */
export async function removeForeignItems(
  client: KubeClient,
  live: KubeObject,
  desired: KubeObject,
  exclusive: ExclusiveFields,
  call: CallOptions,
): Promise<Removal | undefined> {
  let before = live;
  for (let attempt = 1; ; attempt += 1) {
    const paths = foreignContent(before, exclusive).filter((path) => !isContent(valueAt(desired, path)));
    if (paths.length === 0) return { before, after: before };
    let failure: unknown;
    try {
      const patched = await client.jsonPatch(refOf(before), removalSteps(before, paths), call);
      return { before, after: isCreated(patched) ? patched : await removeUpdateEntries(client, patched, call) };
    } catch (thrown) {
      if (attempt === maxAttempts || !(isConflict(thrown) || isRefusal(thrown))) throw thrown;
      failure = thrown;
    }
    // A stale state is answered with 409, or with 422 if an item is not there any more.
    const newer = await client.find(refOf(before), call);
    if (newer === undefined || newer.metadata.uid !== before.metadata.uid) return undefined;
    if (newer.metadata.resourceVersion === before.metadata.resourceVersion) throw failure;
    before = newer;
  }
}

/** An empty map is what the API server stores for an absent one. */
const isContent = (value: unknown): boolean => value !== undefined && !isEmptyMap(value);

/** Items at the end of a list are removed first, because a removal moves the items after it. */
function removalSteps(object: KubeObject, paths: readonly FieldPath[]): JsonPatchStep[] {
  const pointers = [...new Set(paths.flatMap((path) => pointersOf(object, path)))];
  pointers.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    ...pointers.map((path) => ({ op: 'remove' as const, path })),
  ];
}
