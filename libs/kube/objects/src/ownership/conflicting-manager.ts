import type { KubeObject, ManagedFields } from '../kube-object.js';
import { type FieldPath, touches } from './field-path.js';
import { isOurApply, isOurUpdate } from './owned-fields.js';

/** Fields that one manager changed. A removal leaves no trace of who did it: manager and time are null then. */
export interface ConflictingManager {
  readonly manager: string | null;
  /** ISO 8601, 1 s resolution: what Kubernetes noted. */
  readonly at: string | null;
  readonly paths: readonly FieldPath[];
}

/** Made by Kubernetes for fields set before the first apply: nobody's deed. */
const nobody = 'before-first-apply';

const suspect = (entry: ManagedFields): boolean =>
  !isOurApply(entry) &&
  !isOurUpdate(entry) &&
  entry.manager !== nobody &&
  entry.subresource !== 'status' &&
  entry.fieldsV1 !== undefined;

/**
 * Who changed `paths`, read from the object as it was before the repair, because the repair takes the other manager's
 * claim away. Several managers give several culprits, in the order of their first path.
 */
export function conflictingManagersOf(before: KubeObject, paths: readonly FieldPath[]): ConflictingManager[] {
  const suspects = (before.metadata.managedFields ?? []).filter(suspect);
  const found = new Map<string | null, { at: string | null; paths: FieldPath[] }>();
  for (const path of paths) {
    const entry = latest(suspects.filter(({ fieldsV1 }) => fieldsV1 !== undefined && touches(fieldsV1, path)));
    const manager = entry?.manager ?? null;
    const group = found.get(manager) ?? { at: null, paths: [] };
    if (entry?.time && (group.at === null || entry.time > group.at)) group.at = entry.time;
    group.paths.push(path);
    found.set(manager, group);
  }
  return [...found].map(([manager, group]) => ({ manager, ...group }));
}

function latest(entries: readonly ManagedFields[]): ManagedFields | undefined {
  return entries.reduce<ManagedFields | undefined>(
    (best, entry) => (best === undefined || (entry.time ?? '') >= (best.time ?? '') ? entry : best),
    undefined,
  );
}
