import { type KubeObject, ownerLabels, fieldManager, printRef, refKey, refOf } from '@runos/kube-objects';

/**
 * Why a bundle is refused as a whole, or undefined. An instance owns exactly one namespace, named as itself; what it
 * brings lies in there, and everything says whose it is.
 */
export function refusalOf(osid: string, objects: readonly KubeObject[]): string | undefined {
  const keys = new Set<string>();
  for (const object of objects) {
    const ref = refOf(object);
    const name = printRef(ref);
    if (keys.has(refKey(ref))) return `${name} is in the bundle twice.`;
    keys.add(refKey(ref));
    if (ref.kind === 'Namespace' && ref.name !== osid) return `${name} is not the namespace of ${osid}.`;
    if (ref.namespace !== undefined && ref.namespace !== osid) return `${name} lies outside the namespace ${osid}.`;
    const labels = object.metadata.labels ?? {};
    if (labels[ownerLabels.osid] !== osid || labels[ownerLabels.managedBy] !== fieldManager) {
      return `${name} does not carry the labels of ${osid}.`;
    }
  }
  return keys.has(`/Namespace//${osid}`) ? undefined : `The bundle does not bring the namespace ${osid}.`;
}
