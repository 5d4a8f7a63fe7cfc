import { type KubeObject, mapAt, numberOf, refKey, refOf } from './kube-object.js';
import { restartsPods } from './restarts-pods.js';

const replicasOf = (object: KubeObject): number | undefined => numberOf(mapAt(object, 'spec')['replicas']);

/** Whether a workload gets fewer replicas: Kubernetes deletes the other pods. */
function removesPods(before: readonly KubeObject[], after: readonly KubeObject[]): boolean {
  const next = new Map(after.map((object) => [refKey(refOf(object)), replicasOf(object) ?? 0]));
  return before.some((object) => (next.get(refKey(refOf(object))) ?? 0) < (replicasOf(object) ?? 0));
}

/** Whether this change of the objects ends a pod that runs, to replace it or for good. */
export const replacesPods = (before: readonly KubeObject[], after: readonly KubeObject[]): boolean =>
  restartsPods(before, after) || removesPods(before, after);
