import { groupOf, type ObjectRef } from './object-ref.js';

/** `Foreground`: gone only after everything it owns is; `Background`: its dependents follow. */
export type Propagation = 'Foreground' | 'Background' | 'Orphan';

export interface DeletionStep<R extends ObjectRef> {
  readonly name: 'workloads' | 'claims' | 'cluster-scoped' | 'namespaces';
  readonly propagation: Propagation;
  readonly refs: readonly R[];
}

const workloads: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']);

/** Built-in groups have no dot, or end in `.k8s.io`; everybody else's belong to an operator with its own cleaning up. */
const custom = ({ apiVersion }: ObjectRef): boolean => {
  const group = groupOf(apiVersion);
  return group.includes('.') && !group.endsWith('.k8s.io');
};

/**
 * In which order an instance goes: what has a controller cleans up while everything it needs still exists, then its
 * claims, then what is outside the namespace, the namespace last. Whatever else is inside goes with the namespace.
 */
export function deletionSteps<R extends ObjectRef>(inventory: readonly R[]): DeletionStep<R>[] {
  const inside = inventory.filter((ref) => ref.namespace !== undefined);
  const outside = inventory.filter((ref) => ref.namespace === undefined);
  const steps: DeletionStep<R>[] = [
    {
      name: 'workloads',
      propagation: 'Foreground',
      refs: inside.filter((ref) => custom(ref) || workloads.has(ref.kind)),
    },
    { name: 'claims', propagation: 'Background', refs: inside.filter((ref) => ref.kind === 'PersistentVolumeClaim') },
    { name: 'cluster-scoped', propagation: 'Background', refs: outside.filter((ref) => ref.kind !== 'Namespace') },
    { name: 'namespaces', propagation: 'Background', refs: outside.filter((ref) => ref.kind === 'Namespace') },
  ];
  return steps.filter((step) => step.refs.length > 0);
}
