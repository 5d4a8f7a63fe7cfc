import type { KubeObject } from './kube-object.js';

/** What other objects refer to: a pod that starts before its Secret waits seconds for the next try. */
const needed: ReadonlySet<string> = new Set([
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

const waveOf = (object: KubeObject): number => (object.kind === 'Namespace' ? 0 : needed.has(object.kind) ? 1 : 2);

/** Waves in order: namespaces, then what others need, then the rest. Within a wave all go at the same time. */
export function applyWaves(objects: readonly KubeObject[]): KubeObject[][] {
  const waves: KubeObject[][] = [[], [], []];
  for (const object of objects) waves[waveOf(object)]?.push(object);
  return waves.filter((wave) => wave.length > 0);
}
