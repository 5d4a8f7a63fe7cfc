import {
  fieldManager,
  type KubeObject,
  managedSelector,
  type ObjectRef,
  ownerLabels,
  printRef,
  refKey,
  refOf,
} from '@runos/kube-objects';

/** Label of every object of an add-on that this agent installed; its value is the name of the add-on. */
export const addonLabel = 'runos.com/addon';

const rbac = 'rbac.authorization.k8s.io/v1';
const admission = 'admissionregistration.k8s.io/v1';

const crdKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;

const deploymentKind = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;

/** The kinds that the agent may list in the whole cluster. It knows objects of the others only by their names. */
export const listedKinds = [crdKind, deploymentKind] as const;

/** The kinds that an add-on may consist of, in the order of their application. Deletion has the reverse order. */
const addonKinds: readonly Pick<ObjectRef, 'apiVersion' | 'kind'>[] = [
  { apiVersion: 'v1', kind: 'Namespace' },
  crdKind,
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { apiVersion: rbac, kind: 'ClusterRole' },
  { apiVersion: rbac, kind: 'ClusterRoleBinding' },
  { apiVersion: rbac, kind: 'Role' },
  { apiVersion: rbac, kind: 'RoleBinding' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Service' },
  deploymentKind,
  // Last: from then on, writes of custom resources are refused until the operator serves the webhooks.
  { apiVersion: admission, kind: 'MutatingWebhookConfiguration' },
  { apiVersion: admission, kind: 'ValidatingWebhookConfiguration' },
];

const rankOf = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): number =>
  addonKinds.findIndex((each) => each.apiVersion === apiVersion && each.kind === kind);

export const isCrd = (ref: Pick<ObjectRef, 'apiVersion' | 'kind'>): boolean => rankOf(ref) === rankOf(crdKind);

/** The reason for which the objects are refused as those of an add-on, or undefined. */
export function invalidManifest(objects: readonly KubeObject[]): string | undefined {
  const keys = new Set<string>();
  for (const object of objects) {
    const ref = refOf(object);
    if (rankOf(ref) < 0)
      return `${printRef(ref)}: an add-on must not contain the kind ${ref.kind} of ${ref.apiVersion}.`;
    if (keys.has(refKey(ref))) return `${printRef(ref)} is in the manifest twice.`;
    keys.add(refKey(ref));
  }
  return objects.some(isCrd) ? undefined : 'The manifest contains no CustomResourceDefinition.';
}

export const inApplyOrder = (objects: readonly KubeObject[]): KubeObject[] =>
  [...objects].sort((a, b) => rankOf(a) - rankOf(b));

export const inDeletionOrder = <R extends ObjectRef>(refs: readonly R[]): R[] =>
  [...refs].sort((a, b) => rankOf(b) - rankOf(a));

/** The object with the labels by which the agent recognises it as one that it installed for this add-on. */
export function withAddonLabels(object: KubeObject, addon: string): KubeObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, [ownerLabels.managedBy]: fieldManager, [addonLabel]: addon };
  return { ...object, metadata: { ...metadata, labels } };
}

/** The command that puts the labels back which `withAddonLabels` has set. */
export function restoreLabels({ kind, namespace, name }: ObjectRef, addon: string): string {
  const scope = namespace === undefined ? '' : ` -n ${namespace}`;
  const labels = `${ownerLabels.managedBy}=${fieldManager} ${addonLabel}=${addon}`;
  return `Put the labels back: kubectl label${scope} ${kind.toLowerCase()} ${name} ${labels} --overwrite`;
}

/** Selects the objects that were installed for this add-on. */
export const selectorOf = (addon: string): string => `${managedSelector},${addonLabel}=${addon}`;

/** Whether the live object was installed for this add-on. */
export const isOfAddon = ({ metadata: { labels } }: KubeObject, addon: string): boolean =>
  labels?.[ownerLabels.managedBy] === fieldManager && labels[addonLabel] === addon;
