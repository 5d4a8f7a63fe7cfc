import type { OperatorView } from '@runos/catalog-model';
import { type KubeObject, mapAt, mapsIn, textOf } from '@runos/kube-objects';
import { imageOf, instanceName } from './instance-objects.js';

/** The phases of CloudNativePG that the simulation uses. */
export const phases = {
  first: 'Setting up primary',
  replica: 'Creating a new replica',
  upgrade: 'Upgrading cluster',
  primaryInPlace: 'Primary instance is being restarted without a switchover',
  waiting: 'Waiting for the instances to become active',
  healthy: 'Cluster in healthy state',
  unrecoverable: 'Cluster is unrecoverable and needs manual intervention',
} as const;

/** A phase and its reason. */
export type Phase = readonly [phase: string, reason: string];

const conditionOf = (object: KubeObject, type: string) =>
  mapsIn(mapAt(object, 'status')['conditions']).find((each) => each['type'] === type);

/** Whether a pod is an instance that is ready. */
export const readyPod = (pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp === undefined && conditionOf(pod, 'Ready')?.['status'] === 'True';

/** It follows the phase alone. The operator sets no observedGeneration. */
function readyCondition({ object, now }: OperatorView, phase: string) {
  const [status, reason, message] =
    phase === phases.healthy
      ? ['True', 'ClusterIsReady', 'Cluster is Ready']
      : ['False', 'ClusterIsNotReady', 'Cluster Is Not Ready'];
  const known = conditionOf(object, 'Ready');
  const since = known?.['status'] === status ? known['lastTransitionTime'] : now;
  return { lastTransitionTime: since, message, reason, status, type: 'Ready' };
}

/** The status of a Cluster. Without a `phase`, that of before stays. */
export function clusterStatus(view: OperatorView, latestSerial: number, phase?: Phase): Record<string, unknown> {
  const { object, pods, claims } = view;
  const before = mapAt(object, 'status');
  const [name, reason] = phase ?? [textOf(before['phase']) ?? '', textOf(before['phaseReason']) ?? ''];
  const primary = textOf(before['currentPrimary']) ?? (latestSerial === 0 ? null : instanceName(object, latestSerial));
  const names = claims.map(({ metadata }) => metadata.name).sort();
  return {
    phase: name || null,
    phaseReason: reason || null,
    instances: claims.length || null,
    readyInstances: pods.filter(readyPod).length || null,
    instanceNames: names.length === 0 ? null : names,
    pvcCount: claims.length || null,
    latestGeneratedNode: latestSerial || null,
    currentPrimary: primary,
    targetPrimary: primary,
    writeService: `${object.metadata.name}-rw`,
    readService: `${object.metadata.name}-r`,
    image: imageOf(object),
    ...(name === '' ? {} : { conditions: [readyCondition(view, name)] }),
  };
}
