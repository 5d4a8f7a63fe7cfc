import { createHash } from 'node:crypto';
import {
  changedPaths,
  type ConflictingManager,
  conflictingManagersOf,
  type ExclusiveFields,
  type FieldPath,
  foreignItems,
  type KubeObject,
  membersOf,
  type ObjectRef,
  ownedFields,
  ownerLabels,
  printPath,
  refKey,
  touches,
  valueAt,
} from '@runos/kube-objects';
import type { Drift } from '../bundles/bundle-record.js';

/** A report carries at most this many fields of one object, and at most this many characters of them. */
const maxFields = 100;
const maxCharacters = 16 * 1_024;

/** The changed fields, without those beyond the limits of a report. */
export function fieldsOf({ paths }: ConflictingManager): string[] {
  let characters = 0;
  const fields = paths.slice(0, maxFields).map((path) => printPath(path).slice(0, 1_024));
  return fields.filter((field) => (characters += field.length) <= maxCharacters);
}

/** Key of a conflict: this manager and these fields of this object. A deletion has no manager. */
export const conflictKey = (ref: ObjectRef, { manager, paths }: ConflictingManager): string =>
  [refKey(ref), manager ?? '', ...paths.map((path) => path.join('/'))].join('\n');

/**
 * The foreign changes of `before` that `after` does not contain: our fields with other values, and items that others had
 * added to exclusive fields. `retained` are such items of `after`; a dry run does not remove any.
 */
export function driftBetween(
  before: KubeObject,
  after: KubeObject,
  exclusive: ExclusiveFields,
  retained: readonly FieldPath[] = foreignItems(after, exclusive),
): ConflictingManager[] {
  const kept = new Set(retained.map(keyOf));
  const items = foreignItems(before, exclusive).filter((path) => !kept.has(keyOf(path)));
  const changed = changedPaths(ownedFields(after) ?? {}, before, after).map((path) => removedPart(path, before));
  const paths = [...changed, ...items];
  return conflictingManagersOf(before, [...new Map(paths.map((path) => [keyOf(path), path])).values()]);
}

/**
 * The part of the drift that a changed bundle has not caused. A field that others have set has their manager; one that they
 * have removed was desired by the bundle before. `earlier`: what that bundle desired; undefined if it is not known.
 */
export const foreignDrift = (
  drift: readonly ConflictingManager[],
  before: KubeObject,
  earlier: KubeObject | undefined,
): ConflictingManager[] =>
  drift.flatMap((one) => {
    if (one.manager !== null) return [one];
    const paths = one.paths.filter(
      (path) => valueAt(earlier, path) !== undefined && valueAt(before, path) === undefined,
    );
    return paths.length === 0 ? [] : [{ ...one, paths, removed: true }];
  });

/** The outermost part of `path` that `before` lacks: a removed container is one change, and not one per field. */
function removedPart(path: FieldPath, before: KubeObject): FieldPath {
  const length = path.findIndex((_, index) => valueAt(before, path.slice(0, index + 1)) === undefined) + 1;
  return length === 0 ? path : path.slice(0, length);
}

const keyOf = (path: FieldPath): string => path.join('\n');

/** An object lost the label of our selector: its watch reports neither the manager nor the new value. */
export const lostSelection: ConflictingManager = {
  manager: null,
  at: null,
  paths: [['f:metadata', 'f:labels', `f:${ownerLabels.managedBy}`]],
};

/** The deletion of a whole object: Kubernetes does not record the manager. */
export const deletion: ConflictingManager = { manager: null, at: null, paths: [] };

/** `cause`: why a repair failed. */
export function driftOf(
  ref: ObjectRef,
  conflicting: ConflictingManager,
  action: Drift['action'],
  now: Date,
  cause?: string,
): Drift {
  const { apiVersion, kind, namespace, name } = ref;
  return {
    object: { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name },
    fields: fieldsOf(conflicting),
    manager: conflicting.manager,
    at: conflicting.at ?? now.toISOString(),
    action,
    ...(conflicting.removed ? { removed: true } : {}),
    ...(cause === undefined ? {} : { cause: cause.slice(0, 1_024) }),
  };
}

/**
 * Hash of a live object without status and the metadata that every write changes. Foreign fields are part of it, because
 * the owned hash does not show when a manager returns a field that it took over.
 */
export function contentHash({ status: _, metadata, ...content }: KubeObject): string {
  const stable = { ...metadata, managedFields: undefined, resourceVersion: undefined, generation: undefined };
  return createHash('sha256')
    .update(JSON.stringify([stable, content]))
    .digest('base64url');
}

/** Hash of the drifted fields with their managers and live values: a second change of the same field is another drift. */
export const driftHash = (managers: readonly ConflictingManager[], live: KubeObject | undefined): string =>
  createHash('sha256')
    .update(
      JSON.stringify(managers.map(({ manager, paths }) => [manager, paths, paths.map((path) => valueAt(live, path))])),
    )
    .digest('base64url');

/**
 * The drifted states that an apply of ours has overwritten, in their order. The next state shows that we own more than
 * before; `next` follows the last one. Who takes a change back himself stays the owner. Without a next state, all.
 */
export const overwrittenStates = (states: readonly KubeObject[], next?: KubeObject): KubeObject[] =>
  states.filter((state, index) => {
    const later = states[index + 1] ?? next;
    return later === undefined || ownsMore(later, state);
  });

function ownsMore(later: KubeObject, before: KubeObject): boolean {
  const owned = ownedFields(before) ?? {};
  for (const path of membersOf(ownedFields(later) ?? {})) if (!touches(owned, path)) return true;
  return false;
}
