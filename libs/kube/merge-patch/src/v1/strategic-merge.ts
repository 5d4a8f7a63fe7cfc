import { isMap } from '@runos/kube-objects';
import { MergeError, memberPath } from '../merge-error.js';
import { type FieldSchema, fieldOf, type PatchSchema } from '../patch-schema.js';
import { type Directed, type Json, readDirectives, withoutDirectives } from './directives.js';
import { type ListPatch, mergeList } from './list-merge.js';

/** Where in a schema a map is. Undefined: in a map with free keys, such as labels. */
type TypeName = string | undefined;

/**
 * Kubernetes' strategic merge patch: maps are merged, lists with a merge key by that key, null deletes, and every other
 * value replaces. `type`: that of the object in the schema. The inputs stay as they are.
 * @throws MergeError for an unknown field, a malformed directive, an item without its merge key
 */
export function strategicMerge(original: Json, patch: Json, schema: PatchSchema, type: string): Json {
  return mergeMap(original, patch, type, '', schema);
}

function mergeMap(original: Json, patch: Json, type: TypeName, path: string, schema: PatchSchema): Json {
  const directed = readDirectives(patch, path);
  if (directed.directive === 'delete') return {};
  if (directed.directive === 'replace') return withoutDirectives(directed.fields, path) as Json;
  const merged = new Map(Object.entries(original).filter(([name]) => directed.retained?.includes(name) ?? true));
  for (const name of namesIn(directed)) {
    const at = memberPath(path, name);
    const field = type === undefined ? undefined : fieldOf(schema, type, name);
    if (type !== undefined && field === undefined && directed.fields[name] !== null) {
      throw new MergeError(at, `${type} has no field ${name}`);
    }
    const value = mergeField(merged.get(name), name, directed, field, at, schema);
    if (value === undefined || value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

const namesIn = ({ fields, deleted, orders }: Directed): Set<string> =>
  new Set([...Object.keys(fields), ...deleted.keys(), ...orders.keys()]);

/** The value of a field after the patch; null or undefined: it has none. */
function mergeField(
  original: unknown,
  name: string,
  { fields, deleted, orders }: Directed,
  field: FieldSchema | undefined,
  path: string,
  schema: PatchSchema,
): unknown {
  const patch = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (patch === null) return null;
  const isList = Array.isArray(patch) || deleted.has(name) || orders.has(name);
  if (isList && field?.many === 'list' && field.strategy === 'merge') {
    const list = { items: listOrNone(patch, path), deleted: deleted.get(name) ?? [], order: orders.get(name) };
    return mergeKnownList(original, list, field, path, schema);
  }
  if (patch === undefined) {
    throw new MergeError(path, 'is no list that is merged, so its items can be neither deleted nor ordered');
  }
  if (!isMap(patch) || !isMap(original) || field?.strategy === 'replace') return withoutDirectives(patch, path);
  return mergeMap(original, patch, typeIn(field), path, schema);
}

function mergeKnownList(
  original: unknown,
  patch: ListPatch,
  field: FieldSchema,
  path: string,
  schema: PatchSchema,
): unknown {
  if (!Array.isArray(original) && patch.items === undefined) return original;
  const before = Array.isArray(original) ? (original as readonly unknown[]) : [];
  return mergeList(before, patch, field, path, (item, change, at) => mergeMap(item, change, field.type, at, schema));
}

function listOrNone(value: unknown, path: string): readonly unknown[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  throw new MergeError(path, 'must be a list');
}

/** The type of a map; undefined where its keys are free. */
const typeIn = (field: FieldSchema | undefined): TypeName =>
  field === undefined || field.many !== undefined || /^[a-z]/.test(field.type) ? undefined : field.type;
