import type { KubeObject } from './kube-object.js';

/** Field manager of all applied objects. */
export const fieldManager = 'runos';

/** Labels that every object of an instance carries. */
export const ownerLabels = {
  osid: 'runos.com/osid',
  aid: 'runos.com/aid',
  cid: 'runos.com/cid',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** The label of a node for each of its tags: `runos.com/tag.<key>`, with the value of the tag. */
export const nodeTagLabel = 'runos.com/tag.';

/** Label selector of all applied objects. */
export const managedSelector = `${ownerLabels.managedBy}=${fieldManager}`;

/** The labels of one instance, for each of its objects and for the templates of its pods and claims. */
export function labelsOf(owner: { aid: string; cid: string; osid: string }): Record<string, string> {
  return {
    [ownerLabels.osid]: owner.osid,
    [ownerLabels.aid]: owner.aid,
    [ownerLabels.cid]: owner.cid,
    [ownerLabels.managedBy]: fieldManager,
  };
}

/** The OSID in the labels of an object. */
export const osidOf = (object: KubeObject): string | undefined => object.metadata.labels?.[ownerLabels.osid];

/** True if a live object carries every owner label of the rendered one. Required before adopting an object. */
export function hasSameOwner(live: KubeObject, rendered: KubeObject): boolean {
  return Object.values(ownerLabels).every(
    (label) => live.metadata.labels?.[label] === rendered.metadata.labels?.[label],
  );
}
