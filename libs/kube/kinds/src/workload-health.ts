import { type KubeObject, mapAt, numberOf, textOf } from '@runos/kube-objects';
import { degraded, failed, type Health, progressing, ready, sentence } from './health.js';
import { conditionOf, isOutdated } from './object-conditions.js';

const count = (object: KubeObject, field: string): number => numberOf(mapAt(object, 'status')[field]) ?? 0;

const desiredReplicas = (object: KubeObject): number => numberOf(mapAt(object, 'spec')['replicas']) ?? 1;

const isNotObserved = (object: KubeObject): boolean =>
  mapAt(object, 'status')['observedGeneration'] === undefined || isOutdated(object);

/** `held`: which field of its spec stops the rollout, and what to do. Waiting does not complete such a rollout. */
function rolling(object: KubeObject, done: number, of: number, held?: string): Health {
  const pods = `${done} of ${of} pods of ${object.kind} ${object.metadata.name} are up to date and ready.`;
  return held === undefined ? progressing('RollingOut', pods) : progressing('RolloutHeld', `${pods} ${held}`);
}

const pausedOf = (object: KubeObject): string | undefined =>
  mapAt(object, 'spec')['paused'] === true
    ? 'It is paused, which stops its rollout: remove spec.paused, or set it to false.'
    : undefined;

/** Only the pods with an ordinal of at least the partition are updated. */
function partitionOf(object: KubeObject): string | undefined {
  const partition = numberOf(mapAt(object, 'spec', 'updateStrategy', 'rollingUpdate')['partition']) ?? 0;
  const field = 'spec.updateStrategy.rollingUpdate.partition';
  return partition > 0 ? `${field} keeps pods with an ordinal below ${partition} as they are: set it to 0.` : undefined;
}

const onDeleteOf = (object: KubeObject): string | undefined =>
  mapAt(object, 'spec', 'updateStrategy')['type'] === 'OnDelete'
    ? 'spec.updateStrategy is OnDelete: delete its earlier pods, or choose RollingUpdate.'
    : undefined;

const missing = (object: KubeObject, have: number, of: number): Health =>
  degraded(
    'PodsNotReady',
    `${have} of ${of} pods of ${object.kind} ${object.metadata.name} are ready: look at the pods that are not.`,
  );

/** Health of a Deployment by its conditions and its numbers of replicas. */
export function deploymentHealth(object: KubeObject): Health {
  if (isNotObserved(object))
    return progressing('NotObserved', `Kubernetes has not observed ${object.metadata.name} yet.`);
  const refused = conditionOf(object, 'ReplicaFailure');
  if (refused?.status === 'True') return failedCreate(refused.message);
  const progress = conditionOf(object, 'Progressing');
  if (progress?.status === 'False') {
    return failed(
      progress.reason,
      `${sentence(progress.message)} Look at its pods, or go back to the previous version.`,
    );
  }
  const of = desiredReplicas(object);
  const updated = count(object, 'updatedReplicas');
  const available = count(object, 'availableReplicas');
  if (updated < of || count(object, 'replicas') > updated) {
    return rolling(object, Math.min(updated, available), of, pausedOf(object));
  }
  if (available >= of) return ready();
  return available > 0 ? missing(object, available, of) : rolling(object, available, of);
}

/** Health of a StatefulSet by its numbers of replicas. */
export function statefulSetHealth(object: KubeObject): Health {
  if (isNotObserved(object))
    return progressing('NotObserved', `Kubernetes has not observed ${object.metadata.name} yet.`);
  const of = desiredReplicas(object);
  const up = count(object, 'readyReplicas');
  const status = mapAt(object, 'status');
  const isOnDelete = textOf(mapAt(object, 'spec', 'updateStrategy')['type']) === 'OnDelete';
  const isCurrent = isOnDelete || of === 0 || status['currentRevision'] === status['updateRevision'];
  const current = Math.min(up, count(object, 'updatedReplicas'));
  if (!isCurrent) return rolling(object, current, of, partitionOf(object));
  if (count(object, 'replicas') < of) return rolling(object, current, of);
  if (up >= of) return ready();
  return up > 0 ? missing(object, up, of) : rolling(object, up, of);
}

/** Health of a DaemonSet by its numbers of scheduled, updated and ready pods. */
export function daemonSetHealth(object: KubeObject): Health {
  if (isNotObserved(object))
    return progressing('NotObserved', `Kubernetes has not observed ${object.metadata.name} yet.`);
  const of = count(object, 'desiredNumberScheduled');
  const up = count(object, 'numberReady');
  if (count(object, 'updatedNumberScheduled') < of) return rolling(object, up, of, onDeleteOf(object));
  return up >= of ? ready() : missing(object, up, of);
}

/** Health of a Job by its conditions. */
export function jobHealth(object: KubeObject): Health {
  if (conditionOf(object, 'Complete')?.status === 'True') return ready('Complete');
  const broken = conditionOf(object, 'Failed');
  if (broken?.status === 'True') return failed(broken.reason, `${sentence(broken.message)} Read the logs of its pods.`);
  return mapAt(object, 'spec')['suspend'] === true
    ? progressing('Suspended', `Job ${object.metadata.name} is suspended: remove spec.suspend, or set it to false.`)
    : progressing('Running', `Job ${object.metadata.name} has not ended yet.`);
}

/** Health of a controller that cannot create pods, mostly because of a quota. `message` is that of Kubernetes. */
export function failedCreate(message: string): Health {
  // A StatefulSet creates no pod while an earlier claim of its name exists.
  if (/\b(pvc|persistentvolumeclaim) /i.test(message) && / is (to be|being) deleted\b/.test(message)) {
    const remedy = 'If the claim stays, look at its finalizers and at the pods that use it.';
    return progressing('ClaimTerminating', `${sentence(message)} The pod is created after that. ${remedy}`);
  }
  return /exceeded quota/.test(message)
    ? failed('QuotaExceeded', `${sentence(message)} Raise the quota or choose a smaller class.`)
    : failed('FailedCreate', `${sentence(message)} The cluster refuses the pod: change what it names, or allow it.`);
}
