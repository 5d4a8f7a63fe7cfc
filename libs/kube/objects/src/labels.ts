import type { KubeObject } from './kube-object.js';

/** Field manager of everything this project applies. */
export const fieldManager = 'runos';

/** Labels that every object of an instance carries. */
export const ownerLabels = {
  osid: 'runos.com/osid',
  aid: 'runos.com/aid',
  cid: 'runos.com/cid',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** Selects exactly what we apply. */
export const managedSelector = `${ownerLabels.managedBy}=${fieldManager}`;

/** The labels of one instance's objects, to be put on each of them and on the templates of their pods and claims. */
export function labelsOf(owner: { aid: string; cid: string; osid: string }): Record<string, string> {
  return {
    [ownerLabels.osid]: owner.osid,
    [ownerLabels.aid]: owner.aid,
    [ownerLabels.cid]: owner.cid,
    [ownerLabels.managedBy]: fieldManager,
  };
}

/** The instance an object says it belongs to. */
export const osidOf = (object: KubeObject): string | undefined => object.metadata.labels?.[ownerLabels.osid];

/** True if a live object carries every owner label of the rendered one: only then may we touch what we did not make. */
export function sameOwner(live: KubeObject, rendered: KubeObject): boolean {
  return Object.values(ownerLabels).every(
    (label) => live.metadata.labels?.[label] === rendered.metadata.labels?.[label],
  );
}
