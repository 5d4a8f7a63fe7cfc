import type { KubeObject } from '../kube-object.js';
import { groupOf } from '../object-ref.js';
import { cnpgClusterHealth } from './cnpg-cluster.js';
import { type Health, progressing } from './health.js';
import { claimHealth, customHealth, namespaceHealth, serviceHealth } from './other-kinds.js';
import { podHealth } from './pod.js';
import { daemonSetHealth, deploymentHealth, jobHealth, statefulSetHealth } from './workloads.js';

const assessors: Readonly<Record<string, (object: KubeObject) => Health>> = {
  'apps/Deployment': deploymentHealth,
  'apps/StatefulSet': statefulSetHealth,
  'apps/DaemonSet': daemonSetHealth,
  'batch/Job': jobHealth,
  '/Pod': podHealth,
  '/PersistentVolumeClaim': claimHealth,
  '/Namespace': namespaceHealth,
  '/Service': serviceHealth,
  'postgresql.cnpg.io/Cluster': cnpgClusterHealth,
};

/** Health of a live object, derived from the object alone. */
export function assessHealth(object: KubeObject): Health {
  if (object.metadata.deletionTimestamp && object.kind !== 'Pod') {
    return progressing('Terminating', `${object.kind} ${object.metadata.name} is being deleted.`);
  }
  return (assessors[`${groupOf(object.apiVersion)}/${object.kind}`] ?? customHealth)(object);
}
