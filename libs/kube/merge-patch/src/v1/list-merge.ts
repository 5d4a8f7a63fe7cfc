import { isMap } from '@runos/kube-objects';
import { MergeError } from '../merge-error.js';
import type { FieldSchema } from '../patch-schema.js';
import { directiveOf, isDirectiveOnly, type Json, withoutDirectives } from './directives.js';
import { identityBy, inOrder } from './element-order.js';

/** The changes of one list. */
export interface ListPatch {
  /** Undefined: it names no items. */
  readonly items: readonly unknown[] | undefined;
  readonly deleted: readonly unknown[];
  /** Undefined: the order of `items`. */
  readonly order: readonly unknown[] | undefined;
}

type MergeItem = (original: Json, patch: Json, path: string) => Json;

/**
 * A list whose field has the strategy `merge`. Items are found by the merge key, or by value without one.
 * @throws MergeError for an item without the merge key; an order that does not name an item of the patch
 */
export function mergeList(
  original: readonly unknown[],
  patch: ListPatch,
  { key }: FieldSchema,
  path: string,
  mergeItem: MergeItem,
): unknown[] {
  const identityOf = identityBy(key);
  const items = patch.items ?? [];
  if (key !== undefined) refuseKeyless([...items, ...(patch.order ?? [])], key, path);
  const set = items.filter((item) => !isMap(item) || !isDirectiveOnly(item, path));
  refuseUnordered(set, patch.order, identityOf, path);
  const isReplaced = items.some((item) => isMap(item) && directiveOf(item, path) === 'replace');
  const removed = new Set(
    [...items.filter((item) => isMap(item) && directiveOf(item, path) === 'delete'), ...patch.deleted].map(identityOf),
  );
  const kept = isReplaced ? [] : original.filter((item) => !removed.has(identityOf(item)));
  const merged = [...kept];
  for (const item of set) {
    const index = merged.findIndex((each) => identityOf(each) === identityOf(item));
    const found = merged[index];
    const at = `${path}[${index < 0 ? merged.length : index}]`;
    if (index < 0) merged.push(withoutDirectives(item, at));
    else if (isMap(found) && isMap(item)) merged[index] = mergeItem(found, item, at);
  }
  return inOrder(merged, patch.order ?? set, original, identityOf);
}

/** `{$patch: replace}` names no item. */
function refuseKeyless(items: readonly unknown[], key: string, path: string): void {
  for (const item of items) {
    if (!isMap(item)) throw new MergeError(path, 'must be a list of maps');
    if (Object.hasOwn(item, key)) continue;
    if (directiveOf(item, path) === 'replace') continue;
    throw new MergeError(path, `an item has no ${key}, by which the items of this list are merged`);
  }
}

/** The items of the patch must be in the order that the patch gives to the whole list, as in Kubernetes. */
function refuseUnordered(
  items: readonly unknown[],
  order: readonly unknown[] | undefined,
  identityOf: (item: unknown) => string,
  path: string,
): void {
  if (order === undefined) return;
  const rest = order.map(identityOf);
  for (const item of items) {
    const place = rest.indexOf(identityOf(item));
    if (place < 0)
      throw new MergeError(path, `$setElementOrder must name ${identityOf(item)}, in the order of the items`);
    rest.splice(0, place + 1);
  }
}
