import { groupOf, type ObjectRef, refKey } from './kube-object.js';

/** One object that the agent must delete one day. `uid` is unknown before the response to its first apply. */
export interface InventoryEntry extends ObjectRef {
  readonly uid?: string;
}

/** The desired objects, then those applied earlier and not deleted yet: both stay until their deletion is proven. */
export function mergeInventory(inventory: readonly InventoryEntry[], desired: readonly ObjectRef[]): InventoryEntry[] {
  const uids = new Map(inventory.map((entry) => [refKey(entry), entry.uid]));
  const keys = new Set(desired.map(refKey));
  const current = desired.map((ref) => withUid(ref, uids.get(refKey(ref))));
  return [...current, ...inventory.filter((entry) => !keys.has(refKey(entry)))];
}

/** The entries that are not desired. */
export function entriesToPrune(inventory: readonly InventoryEntry[], desired: readonly ObjectRef[]): InventoryEntry[] {
  const keys = new Set(desired.map(refKey));
  return inventory.filter((entry) => !keys.has(refKey(entry)));
}

/** The inventory without entries whose deletion is proven. */
export function withoutDeleted(inventory: readonly InventoryEntry[], deleted: readonly ObjectRef[]): InventoryEntry[] {
  const keys = new Set(deleted.map(refKey));
  return inventory.filter((entry) => !keys.has(refKey(entry)));
}

/** The inventory with the uid of one object. */
export function recordUid(inventory: readonly InventoryEntry[], ref: ObjectRef, uid: string): InventoryEntry[] {
  const key = refKey(ref);
  return inventory.map((entry) => (refKey(entry) === key ? withUid(entry, uid) : entry));
}

function withUid({ apiVersion, kind, namespace, name }: ObjectRef, uid: string | undefined): InventoryEntry {
  return { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name, ...(uid ? { uid } : {}) };
}

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
