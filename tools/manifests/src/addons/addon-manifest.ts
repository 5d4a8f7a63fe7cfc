import { type Addon, addons } from '@runos/addons';
import { groupOf, type KubeObject } from '@runos/kube-objects';
import { publishedManifest } from '@runos/testing-kube';

/** An add-on and the objects of the manifests that its project publishes. */
export interface AddonManifest {
  readonly addon: Addon;
  /** Those of the pinned version. */
  readonly objects: readonly KubeObject[];
  /** Those of all versions that are upgraded to it. */
  readonly earlier: readonly KubeObject[];
}

export const readAddonManifests = (): Promise<AddonManifest[]> =>
  Promise.all(
    addons.map(async (addon) => {
      const { name, manifestUrls, earlierManifestUrls } = addon;
      const read = (urls: readonly string[]) => publishedManifest<KubeObject>({ name, manifestUrls: urls });
      return { addon, objects: await read(manifestUrls), earlier: await read(earlierManifestUrls) };
    }),
  );

interface Resource {
  /** The plural name in API paths and RBAC rules. */
  readonly plural: string;
  readonly namespaced: boolean;
}

const resources = new Map<string, Resource>([
  ['Namespace', { plural: 'namespaces', namespaced: false }],
  ['CustomResourceDefinition', { plural: 'customresourcedefinitions', namespaced: false }],
  ['ServiceAccount', { plural: 'serviceaccounts', namespaced: true }],
  ['ClusterRole', { plural: 'clusterroles', namespaced: false }],
  ['ClusterRoleBinding', { plural: 'clusterrolebindings', namespaced: false }],
  ['Role', { plural: 'roles', namespaced: true }],
  ['RoleBinding', { plural: 'rolebindings', namespaced: true }],
  ['ConfigMap', { plural: 'configmaps', namespaced: true }],
  ['Service', { plural: 'services', namespaced: true }],
  ['Deployment', { plural: 'deployments', namespaced: true }],
  ['MutatingWebhookConfiguration', { plural: 'mutatingwebhookconfigurations', namespaced: false }],
  ['ValidatingWebhookConfiguration', { plural: 'validatingwebhookconfigurations', namespaced: false }],
]);

/** @throws Error for a kind whose contents the admission policy does not restrict */
export function pluralOf(kind: string): string {
  const resource = resources.get(kind);
  if (resource) return resource.plural;
  throw new Error(
    `An add-on contains the kind ${kind}: restrict it in deploy/cluster-agent/addon-admission.yaml first.`,
  );
}

/** The key of an object in the admission policies: `apps/deployments/cnpg-system/cnpg-controller-manager`. */
export function keyOf({ apiVersion, kind, metadata }: KubeObject): string {
  const plural = pluralOf(kind);
  const namespace = resources.get(kind)?.namespaced ? (metadata.namespace ?? 'default') : '';
  return `${groupOf(apiVersion)}/${plural}/${namespace}/${metadata.name}`;
}

export const ofKinds = (objects: readonly KubeObject[], ...kinds: string[]): KubeObject[] =>
  objects.filter(({ kind }) => kinds.includes(kind));

/** Each value once, sorted. */
export const unique = (values: readonly string[]): string[] => [...new Set(values)].sort();
