import type { Kind, KindCatalog } from '@runos/kube-kinds';
import { type ExclusiveFields, exclusiveKeeping, type KubeObject, valueAt } from '@runos/kube-objects';

/**
 * The fields of an object in which additions of others are drift. Content of ours that is left to others is no addition,
 * not even if a manager has written it that the list does not name. `readInitial` reads the object as it is created.
 */
export function exclusiveOf(
  { exclusive, left }: Kind,
  kinds: KindCatalog,
  readInitial: () => KubeObject | undefined,
): ExclusiveFields {
  if (left === undefined) return exclusive;
  let known: { readonly initial: KubeObject; readonly desired: KubeObject } | undefined;
  return exclusiveKeeping(exclusive, (path) => {
    const initial = known?.initial ?? readInitial();
    if (initial === undefined) return false;
    known ??= { initial, desired: kinds.withoutLeft(initial) };
    return valueAt(initial, path) !== undefined && valueAt(known.desired, path) === undefined;
  });
}
