import { type ConflictingManager, type ObjectRef, printPath, refKey } from '@runos/kube-objects';
import type { Drift } from '../bundles/bundle-record.js';

/** What one report says at most about one object. */
const fieldsShown = 100;

export const fieldsOf = (culprit: ConflictingManager): string[] =>
  culprit.paths.slice(0, fieldsShown).map((path) => printPath(path).slice(0, 1_024));

/** One fight: this manager over these fields of this object. A deletion is one too, by nobody. */
export const fightKey = (ref: ObjectRef, { manager, paths }: ConflictingManager): string =>
  [refKey(ref), manager ?? '', ...paths.map((path) => path.join('/'))].join('\n');

/** A whole object taken away: Kubernetes does not say by whom. */
export const deletion: ConflictingManager = { manager: null, at: null, paths: [] };

export function driftOf(ref: ObjectRef, culprit: ConflictingManager, action: Drift['action'], now: Date): Drift {
  const { apiVersion, kind, namespace, name } = ref;
  return {
    object: { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name },
    fields: fieldsOf(culprit),
    manager: culprit.manager,
    at: culprit.at ?? now.toISOString(),
    action,
  };
}
