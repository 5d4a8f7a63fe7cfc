import { type KubeObject, mapAt, textOf } from '@runos/kube-objects';
import { failed, type Health, progressing, ready, sentence } from './health.js';
import { conditionOf, isOutdated } from './object-conditions.js';

/** Health of a PersistentVolumeClaim by its phase. */
export function claimHealth(claim: KubeObject): Health {
  const name = `Claim ${claim.metadata.name}`;
  const phase = textOf(mapAt(claim, 'status')['phase']);
  if (phase === 'Bound') return ready('Bound');
  if (phase === 'Lost') return failed('VolumeLost', `${name} lost its volume: restore the data from a backup.`);
  const storageClass = textOf(mapAt(claim, 'spec')['storageClassName']) ?? 'the default class';
  return progressing('VolumeUnbound', `${name} waits for a volume of ${storageClass}: check that the class exists.`);
}

/** Health of a Namespace: ready unless it terminates. */
export function namespaceHealth(namespace: KubeObject): Health {
  return textOf(mapAt(namespace, 'status')['phase']) === 'Terminating' || namespace.metadata.deletionTimestamp
    ? progressing('Terminating', `Namespace ${namespace.metadata.name} is being deleted.`)
    : ready('Active');
}

/** Health of a Service: a load balancer is ready when it has an address. */
export function serviceHealth(service: KubeObject): Health {
  if (mapAt(service, 'spec')['type'] !== 'LoadBalancer') return ready();
  const ingress = mapAt(service, 'status', 'loadBalancer')['ingress'];
  if (Array.isArray(ingress) && ingress.length > 0) return ready();
  return progressing(
    'NoLoadBalancer',
    `Service ${service.metadata.name} has no address yet: the cluster gives it one.`,
  );
}

/** Unknown kinds: health is their Ready or Available condition. Without one they are ready once they exist. */
export function customHealth(object: KubeObject): Health {
  const condition = conditionOf(object, 'Ready') ?? conditionOf(object, 'Available');
  if (condition === undefined) return ready('Exists');
  const name = `${object.kind} ${object.metadata.name}`;
  if (isOutdated(object, condition))
    return progressing('NotObserved', `${name} is not observed by its controller yet.`);
  if (condition.status === 'True') return ready();
  return progressing(
    condition.reason || 'NotReady',
    `${name} is not ready. ${sentence(condition.message || 'No reason given')}`,
  );
}
