import type { KubeObject } from './kube-object.js';

/** Kinds that others refer to: a pod that starts before its Secret exists retries only after seconds. */
const referencedKinds: ReadonlySet<string> = new Set([
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'PersistentVolumeClaim',
  'ResourceQuota',
  'LimitRange',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
  'NetworkPolicy',
]);

const waveOf = (object: KubeObject): number =>
  object.kind === 'Namespace' ? 0 : referencedKinds.has(object.kind) ? 1 : 2;

/** Waves in order: namespaces, then referenced kinds, then the rest. The objects of a wave are applied concurrently. */
export function applyWaves(objects: readonly KubeObject[]): KubeObject[][] {
  const waves: KubeObject[][] = [[], [], []];
  for (const object of objects) waves[waveOf(object)]?.push(object);
  return waves.filter((wave) => wave.length > 0);
}
