import type { CustomKind } from '@runos/kube-kinds';
import { annotationValue } from './annotation-value.js';

const restartedAt = annotationValue('kubectl.kubernetes.io/restartedAt');

/** The operator writes the spec of a pod into this annotation, and compares that with the spec of its Cluster. */
const made = annotationValue('cnpg.io/podSpec');

/** A field of the container of PostgreSQL, as the operator made it: admission may have changed the pod itself. */
const containerField = (path: string): string =>
  `(${made} == '' ? self.spec : fromJson(${made})).containers.filter(c, c.name == 'postgres')[?0].${path}.orValue('')`;

const resource = (list: string, name: string): NonNullable<CustomKind['pods']>[number] => ({
  name: `${name} ${list.slice(0, -1)}`,
  desired: `self.?spec.?resources.?${list}.?${name}.orValue('')`,
  actual: containerField(`?resources.?${list}.?${name}`),
});

/**
 * What CloudNativePG compares in each reconcile, and replaces a pod for. Its Cluster does not show whether it has seen a
 * change. No field of its status names a generation, and the phase is that from before until it acts.
 */
export const podFields: NonNullable<CustomKind['pods']> = [
  { name: 'time of restart', desired: restartedAt, actual: restartedAt },
  { name: 'image', desired: "self.?spec.?imageName.orValue('')", actual: containerField('?image') },
  ...['limits', 'requests'].flatMap((list) => ['cpu', 'memory'].map((name) => resource(list, name))),
];
