import { isMap, type KubeObject } from '../kube-object.js';
import { type FieldPath, valueAt } from './field-path.js';
import { changedPaths, ownedFields } from './owned-fields.js';

/**
 * The desired fields that a live object has with another value, or lacks. We own nothing of what others have removed, and
 * after a create we own defaults that are not desired.
 */
export const differingPaths = (desired: KubeObject, live: KubeObject): FieldPath[] => [
  ...changedPaths(ownedFields(live) ?? {}, live, desired).filter((path) => valueAt(desired, path) !== undefined),
  ...[...fieldsOf(desired)].filter((path) => valueAt(live, path) === undefined),
];

/** Every field that is no map. A list is one field; an empty map is none, because the API server may drop it. */
function* fieldsOf(value: unknown, path: FieldPath = []): Generator<FieldPath> {
  if (isMap(value)) for (const [name, member] of Object.entries(value)) yield* fieldsOf(member, [...path, `f:${name}`]);
  else yield path;
}
