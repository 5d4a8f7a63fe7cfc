import type { ObjectRef, Propagation } from '@runos/kube-objects';
import type { KindCatalog } from './kind-catalog.js';

export interface DeletionStep<R extends ObjectRef> {
  readonly name: 'workloads' | 'claims' | 'cluster-scoped' | 'namespaces';
  readonly propagation: Propagation;
  readonly refs: readonly R[];
}

/**
 * The order in which an instance is deleted. Controllers clean up workloads while their dependencies exist, then the
 * claims follow, then cluster-scoped objects, and last the namespace with its remaining content.
 */
export function deletionSteps<R extends ObjectRef>(kinds: KindCatalog, inventory: readonly R[]): DeletionStep<R>[] {
  const roleOf = (ref: R) => kinds.kindOf(ref).role;
  const namespaced = inventory.filter((ref) => ref.namespace !== undefined);
  const clusterScoped = inventory.filter((ref) => ref.namespace === undefined);
  const steps: DeletionStep<R>[] = [
    {
      name: 'workloads',
      propagation: 'Foreground',
      refs: namespaced.filter((ref) => roleOf(ref) === 'workload'),
    },
    { name: 'claims', propagation: 'Background', refs: namespaced.filter((ref) => roleOf(ref) === 'claim') },
    {
      name: 'cluster-scoped',
      propagation: 'Background',
      refs: clusterScoped.filter((ref) => roleOf(ref) !== 'namespace'),
    },
    {
      name: 'namespaces',
      propagation: 'Background',
      refs: clusterScoped.filter((ref) => roleOf(ref) === 'namespace'),
    },
  ];
  return steps.filter((step) => step.refs.length > 0);
}
