import type { KubeObject } from '@runos/kube-objects';
import type { KindCatalog } from './kind-catalog.js';
import type { KindRole } from './kind.js';

/** A pod that starts before its Secret exists retries only after seconds: kinds that others name come before them. */
const waveOfRole: Readonly<Record<KindRole, 0 | 1 | 2>> = {
  namespace: 0,
  referenced: 1,
  claim: 1,
  workload: 2,
  other: 2,
};

/** Waves in order: namespaces, then referenced kinds, then the rest. The objects of a wave are applied concurrently. */
export function applyWaves(kinds: KindCatalog, objects: readonly KubeObject[]): KubeObject[][] {
  const waves: KubeObject[][] = [[], [], []];
  for (const object of objects) waves[waveOfRole[kinds.kindOf(object).role]]?.push(object);
  return waves.filter((wave) => wave.length > 0);
}
