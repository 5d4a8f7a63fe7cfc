import { allowedWriters } from '@runos/kube-kinds';
import { type FieldPath, foreignAdditions, type KubeObject, printPath, refKey } from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import type { ObjectState } from '../instances/object-state.js';
import { driftOf } from './drift-report.js';

/** Controllers of a cluster that note their work on objects of others. */
const otherControllers: readonly string[] = ['cloud-controller-manager', 'kube-scheduler', 'kubelet'];

/**
 * Records what others have added beside our fields: information, once per object, manager and field. `drifted`: fields of
 * ours that others own now. Without them, an object with drift is left until it is repaired. Returns true if something is
 * new.
 */
export function recordAdditions(
  instance: Instance,
  state: ObjectState,
  live: KubeObject,
  now: Date,
  drifted?: readonly FieldPath[],
): boolean {
  if (state.applied === undefined) return false;
  const { exclusive, kind, ref } = state;
  const additions = foreignAdditions(live, { exclusive, isAllowed: expectedIn(instance), left: kind.left });
  if (additions.length === 0 || (drifted === undefined && state.hasDrifted(live))) return false;
  let isNew = false;
  for (const addition of additions) {
    const { manager } = addition;
    const paths = addition.paths.filter(
      (path) =>
        !drifted?.some((other) => isPart(path, other) || isPart(other, path)) &&
        instance.driftLog.recordAddition([refKey(ref), manager ?? '', printPath(path)]),
    );
    if (paths.length === 0) continue;
    instance.recordDrift(driftOf(ref, { ...addition, paths }, 'added', now));
    isNew = true;
  }
  return isNew;
}

const isPart = (path: FieldPath, whole: FieldPath): boolean => whole.every((element, index) => element === path[index]);

/** Writers of one kind, such as an operator, are expected in all objects of the instance. */
const expectedIn =
  ({ objects }: Instance) =>
  (manager: string): boolean =>
    otherControllers.includes(manager) || [...objects.values()].some(({ kind }) => allowedWriters(kind).has(manager));
