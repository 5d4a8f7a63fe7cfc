import { groupOf, type KubeObject, mapAt, textOf } from '../kube-object.js';
import { cnpgClusterHealth } from './cnpg-cluster.js';
import { conditionOf, failed, type Health, outdated, progressing, ready, sentence } from './health.js';
import { podHealth } from './pod.js';
import { daemonSetHealth, deploymentHealth, jobHealth, statefulSetHealth } from './workloads.js';

function claimHealth(claim: KubeObject): Health {
  const name = `Claim ${claim.metadata.name}`;
  const phase = textOf(mapAt(claim, 'status')['phase']);
  if (phase === 'Bound') return ready('Bound');
  if (phase === 'Lost') return failed('VolumeLost', `${name} lost its volume: restore the data from a backup.`);
  const storageClass = textOf(mapAt(claim, 'spec')['storageClassName']) ?? 'the default class';
  return progressing('VolumeUnbound', `${name} waits for a volume of ${storageClass}: check that the class exists.`);
}

function namespaceHealth(namespace: KubeObject): Health {
  return textOf(mapAt(namespace, 'status')['phase']) === 'Terminating' || namespace.metadata.deletionTimestamp
    ? progressing('Terminating', `Namespace ${namespace.metadata.name} is being deleted.`)
    : ready('Active');
}

function serviceHealth(service: KubeObject): Health {
  if (mapAt(service, 'spec')['type'] !== 'LoadBalancer') return ready();
  const ingress = mapAt(service, 'status', 'loadBalancer')['ingress'];
  if (Array.isArray(ingress) && ingress.length > 0) return ready();
  return progressing(
    'NoLoadBalancer',
    `Service ${service.metadata.name} has no address yet: the cluster gives it one.`,
  );
}

/** Unknown kinds: health is their Ready or Available condition. Without one they are ready once they exist. */
function customHealth(object: KubeObject): Health {
  const condition = conditionOf(object, 'Ready') ?? conditionOf(object, 'Available');
  if (condition === undefined) return ready('Exists');
  const name = `${object.kind} ${object.metadata.name}`;
  if (outdated(object, condition)) return progressing('NotObserved', `${name} is not observed by its controller yet.`);
  if (condition.status === 'True') return ready();
  return progressing(
    condition.reason || 'NotReady',
    `${name} is not ready. ${sentence(condition.message || 'No reason given')}`,
  );
}

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
