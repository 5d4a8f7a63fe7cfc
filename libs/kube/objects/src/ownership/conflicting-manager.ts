import type { KubeObject, ManagedFields } from '../kube-object.js';
import { type FieldPath, touches, valueAt } from './field-path.js';
import { isForeign } from './owned-fields.js';

/** A manager and the fields that it changed. Kubernetes does not record who removed a field: both are null then. */
export interface ConflictingManager {
  readonly manager: string | null;
  /** ISO 8601 with a resolution of 1 s, from managedFields. */
  readonly at: string | null;
  readonly paths: readonly FieldPath[];
  /** The fields were removed, not changed. */
  readonly removed?: boolean;
}

/**
 * The managers that changed `paths`, in the order of their first path. `before` is the object before the repair, because
 * the repair removes the foreign ownership.
 */
export function conflictingManagersOf(before: KubeObject, paths: readonly FieldPath[]): ConflictingManager[] {
  const foreign = (before.metadata.managedFields ?? []).filter((entry) => isForeign(entry));
  const found = new Map<string | null, { at: string | null; paths: FieldPath[] }>();
  for (const path of paths) {
    const entry = latest(foreign.filter(({ fieldsV1 }) => fieldsV1 !== undefined && touches(fieldsV1, path)));
    const manager = entry?.manager ?? null;
    const group = found.get(manager) ?? { at: null, paths: [] };
    if (entry?.time && (group.at === null || entry.time > group.at)) group.at = entry.time;
    group.paths.push(path);
    found.set(manager, group);
  }
  const isRemoved = (path: FieldPath) => valueAt(before, path) === undefined;
  return [...found].map(([manager, group]) => ({
    manager,
    ...group,
    ...(group.paths.every(isRemoved) ? { removed: true } : {}),
  }));
}

function latest(entries: readonly ManagedFields[]): ManagedFields | undefined {
  return entries.reduce<ManagedFields | undefined>(
    (best, entry) => (best === undefined || (entry.time ?? '') >= (best.time ?? '') ? entry : best),
    undefined,
  );
}
