import type { PlannedObject } from '@runos/api';
import { canonicalJson, fieldChange, type FieldPath, isMap, type KubeObject, refKey, refOf } from '@runos/kube-objects';

/** The changes from the objects of one spec to those of another, without the cluster. */
export function desiredChanges(before: readonly KubeObject[], after: readonly KubeObject[]): PlannedObject[] {
  const keyOf = (object: KubeObject): string => refKey(refOf(object));
  const earlier = new Map(before.map((object) => [keyOf(object), object]));
  const kept = new Set(after.map(keyOf));
  const planned = after.flatMap((object): PlannedObject[] => {
    const old = earlier.get(keyOf(object));
    if (old === undefined) return [plannedOf(object, 'created')];
    const changes = [...differences(old, object)].map((path) => changeAt(old, object, path));
    return changes.length === 0 ? [] : [{ ...plannedOf(object, 'changed'), changes }];
  });
  const deleted = before.filter((object) => !kept.has(keyOf(object))).map((object) => plannedOf(object, 'deleted'));
  return [...planned, ...deleted];
}

function plannedOf({ apiVersion, kind, metadata }: KubeObject, action: PlannedObject['action']): PlannedObject {
  const { namespace = null, name } = metadata;
  return { apiVersion, kind, namespace, name, action, message: null, tried: false, changes: [] };
}

/** The paths at which two values differ. The items of a list are found by their names; a list without names is one value. */
function* differences(before: unknown, after: unknown, path: FieldPath = []): Generator<FieldPath> {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return;
  const [old, next] = [membersOf(before), membersOf(after)];
  if (old === undefined || next === undefined) yield path;
  else {
    for (const element of new Set([...old.keys(), ...next.keys()])) {
      yield* differences(old.get(element), next.get(element), [...path, element]);
    }
  }
}

/** By the elements of a path; undefined for a value without members. */
function membersOf(value: unknown): Map<string, unknown> | undefined {
  if (isMap(value)) return new Map(Object.entries(value).map(([name, member]) => [`f:${name}`, member]));
  if (!Array.isArray(value)) return undefined;
  const named = value.flatMap((item): [string, unknown][] =>
    isMap(item) && typeof item['name'] === 'string' ? [[`k:${JSON.stringify({ name: item['name'] })}`, item]] : [],
  );
  const members = new Map(named);
  return value.length > 0 && members.size === value.length ? members : undefined;
}

function changeAt(from: KubeObject, to: KubeObject, at: FieldPath): PlannedObject['changes'][number] {
  const { path: field, before, after } = fieldChange(from, to, at);
  return { field, before, after };
}
