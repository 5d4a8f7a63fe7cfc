import { groupOf, type ObjectRef } from './object-ref.js';

/** `propagationPolicy` of a delete request. */
export type Propagation = 'Foreground' | 'Background' | 'Orphan';

export interface DeletionStep<R extends ObjectRef> {
  readonly name: 'workloads' | 'claims' | 'cluster-scoped' | 'namespaces';
  readonly propagation: Propagation;
  readonly refs: readonly R[];
}

const workloads: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']);

/** Built-in groups have no dot or end in `.k8s.io`. All others belong to an operator with its own finalization. */
const isCustomResource = ({ apiVersion }: ObjectRef): boolean => {
  const group = groupOf(apiVersion);
  return group.includes('.') && !group.endsWith('.k8s.io');
};

/**
 * The order in which an instance is deleted. Controllers clean up workloads while their dependencies exist, then the
 * claims follow, then cluster-scoped objects, and last the namespace with its remaining content.
 */
export function deletionSteps<R extends ObjectRef>(inventory: readonly R[]): DeletionStep<R>[] {
  const namespaced = inventory.filter((ref) => ref.namespace !== undefined);
  const clusterScoped = inventory.filter((ref) => ref.namespace === undefined);
  const steps: DeletionStep<R>[] = [
    {
      name: 'workloads',
      propagation: 'Foreground',
      refs: namespaced.filter((ref) => isCustomResource(ref) || workloads.has(ref.kind)),
    },
    {
      name: 'claims',
      propagation: 'Background',
      refs: namespaced.filter((ref) => ref.kind === 'PersistentVolumeClaim'),
    },
    {
      name: 'cluster-scoped',
      propagation: 'Background',
      refs: clusterScoped.filter((ref) => ref.kind !== 'Namespace'),
    },
    { name: 'namespaces', propagation: 'Background', refs: clusterScoped.filter((ref) => ref.kind === 'Namespace') },
  ];
  return steps.filter((step) => step.refs.length > 0);
}
