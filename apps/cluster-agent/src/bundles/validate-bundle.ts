import { type KubeObject, ownerLabels, fieldManager, printRef, refKey, refOf } from '@runos/kube-objects';

/**
 * The reason for which a bundle is refused, or undefined. A bundle contains the namespace of its instance, and all other
 * namespaced objects are in it. Every object carries the labels of the instance.
 */
export function validateBundle(osid: string, objects: readonly KubeObject[]): string | undefined {
  const keys = new Set<string>();
  for (const object of objects) {
    const ref = refOf(object);
    const name = printRef(ref);
    if (keys.has(refKey(ref))) return `${name} is in the bundle twice.`;
    keys.add(refKey(ref));
    if (ref.kind === 'Namespace' && ref.name !== osid) return `${name} is not the namespace of ${osid}.`;
    if (ref.namespace !== undefined && ref.namespace !== osid) return `${name} is outside the namespace ${osid}.`;
    const labels = object.metadata.labels ?? {};
    if (labels[ownerLabels.osid] !== osid || labels[ownerLabels.managedBy] !== fieldManager) {
      return `${name} does not carry the labels of ${osid}.`;
    }
  }
  return keys.has(`/Namespace//${osid}`) ? undefined : `The bundle does not contain the namespace ${osid}.`;
}
