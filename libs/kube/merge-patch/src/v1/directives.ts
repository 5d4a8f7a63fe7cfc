import { isMap } from '@runos/kube-objects';
import { MergeError, memberPath } from '../merge-error.js';

/** A map of a patch, or of an object. */
export type Json = Readonly<Record<string, unknown>>;

const patchDirective = '$patch';
const retainDirective = '$retainKeys';
const deleteFromList = '$deleteFromPrimitiveList/';
const elementOrder = '$setElementOrder/';

/** The value of `$patch` in a map or an item. `merge` is the default. */
export type PatchDirective = 'merge' | 'replace' | 'delete';

/** A map of a patch without its directives, and their values. */
export interface Directed {
  readonly fields: Json;
  readonly directive: PatchDirective;
  /** The only fields that the map keeps; undefined: all. */
  readonly retained: readonly string[] | undefined;
  /** The items to remove from lists of scalars, by the name of the list. */
  readonly deleted: ReadonlyMap<string, readonly unknown[]>;
  /** The order of the items of lists, by the name of the list. */
  readonly orders: ReadonlyMap<string, readonly unknown[]>;
}

/** @throws MergeError for a directive that does not exist, or has a value of another form */
export function readDirectives(patch: Json, path: string): Directed {
  const fields = new Map<string, unknown>();
  const deleted = new Map<string, readonly unknown[]>();
  const orders = new Map<string, readonly unknown[]>();
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(deleteFromList)) deleted.set(name.slice(deleteFromList.length), listOf(value, path, name));
    else if (name.startsWith(elementOrder)) orders.set(name.slice(elementOrder.length), listOf(value, path, name));
    else if (name === patchDirective || name === retainDirective) continue;
    else if (name.startsWith('$')) throw new MergeError(memberPath(path, name), `there is no directive "${name}"`);
    else fields.set(name, value);
  }
  const retained = retainedOf(patch, fields, path);
  return { fields: Object.fromEntries(fields), directive: directiveOf(patch, path), retained, deleted, orders };
}

/**
 * The `$patch` of a map.
 * @throws MergeError for an unknown one
 */
export function directiveOf(patch: Json, path: string): PatchDirective {
  const directive = Object.hasOwn(patch, patchDirective) ? patch[patchDirective] : 'merge';
  if (directive === 'merge' || directive === 'replace' || directive === 'delete') return directive;
  throw new MergeError(memberPath(path, patchDirective), 'must be merge, replace or delete');
}

/** What the patch sets must be among what it retains, as in Kubernetes. */
function retainedOf(patch: Json, fields: ReadonlyMap<string, unknown>, path: string): readonly string[] | undefined {
  if (!Object.hasOwn(patch, retainDirective)) return undefined;
  const retained = listOf(patch[retainDirective], path, retainDirective).map(String);
  for (const [name, value] of fields) {
    if (value === null || retained.includes(name)) continue;
    throw new MergeError(memberPath(path, retainDirective), `must name ${name}, which the patch sets`);
  }
  return retained;
}

function listOf(value: unknown, path: string, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new MergeError(memberPath(path, name), 'must be a list');
}

/**
 * The value that a patch gives to a field which the object does not have: without directives and nulls.
 * @throws MergeError as `readDirectives`
 */
export function withoutDirectives(value: unknown, path: string): unknown {
  if (Array.isArray(value)) {
    const items = value as readonly unknown[];
    return items
      .filter((item) => !isMap(item) || !isDirectiveOnly(item, path))
      .map((item, index) => withoutDirectives(item, `${path}[${index}]`));
  }
  if (!isMap(value)) return value;
  const { fields, directive } = readDirectives(value, path);
  if (directive === 'delete') return {};
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutDirectives(member, memberPath(path, name))]),
  );
}

/** An item that is no content of the list: `{$patch: replace}` and `{$patch: delete, name: a}`. */
export function isDirectiveOnly(item: Json, path: string): boolean {
  const directive = directiveOf(item, path);
  return directive === 'delete' || (directive === 'replace' && Object.keys(item).length === 1);
}
