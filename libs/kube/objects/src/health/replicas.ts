import { type KubeObject, mapAt, numberOf } from '../kube-object.js';
import { groupOf } from '../object-ref.js';

/** Desired and ready pods, or database instances. */
export interface Replicas {
  readonly desired: number;
  readonly ready: number;
}

const replicaFields: Readonly<Record<string, readonly [desired: string, ready: string]>> = {
  'apps/Deployment': ['replicas', 'readyReplicas'],
  'apps/StatefulSet': ['replicas', 'readyReplicas'],
  'postgresql.cnpg.io/Cluster': ['instances', 'readyInstances'],
};

/** Undefined for kinds that have no replicas. */
export function replicasOf(object: KubeObject): Replicas | undefined {
  const fields = replicaFields[`${groupOf(object.apiVersion)}/${object.kind}`];
  if (fields === undefined) return undefined;
  return {
    desired: numberOf(mapAt(object, 'spec')[fields[0]]) ?? 1,
    ready: numberOf(mapAt(object, 'status')[fields[1]]) ?? 0,
  };
}
