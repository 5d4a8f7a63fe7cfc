import { type KubeObject, mapAt, mapsIn } from '@runos/kube-objects';
import { type AddonManifest, keyOf, ofKinds } from './addon-manifest.js';
import { type Entries, list, map, text, variable } from './cel.js';

/** The variable of the admission policy with the name of the add-on for the key of each of its objects. */
export const addonObjects = (manifests: readonly AddonManifest[]): string[] =>
  variable(
    'addonObjects',
    manifests.flatMap(({ addon, objects }) => objects.map((object) => [keyOf(object), text(addon.name)] as const)),
  );

/** The variables of the admission policy with the rights and the webhooks of the pinned versions. */
export function addonContents(manifests: readonly AddonManifest[]): string[] {
  const objects = manifests.flatMap((manifest) => manifest.objects);
  const each = (name: string, kinds: readonly string[], valueOf: (object: KubeObject) => string): string[] =>
    variable(
      name,
      ofKinds(objects, ...kinds).map((object) => [keyOf(object), valueOf(object)] as const),
    );
  const roles = ['ClusterRole', 'Role'];
  const bindings = ['ClusterRoleBinding', 'RoleBinding'];
  const webhooks = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];
  return [
    ...each('grants', roles, (role) => map(grantsOf(role))),
    ...each('boundRole', bindings, (binding) => text(named(mapAt(binding, 'roleRef')))),
    ...each('subjects', bindings, (binding) => list(mapsIn(binding['subjects']).map(named))),
    ...each('webhookServices', webhooks, (webhook) => list(servicesOf(webhook))),
    ...each('webhookGroups', webhooks, (webhook) =>
      list(rulesOf(webhook).flatMap((rule) => textsIn(rule['apiGroups']))),
    ),
  ];
}

/** The verbs of a role by group and resource: `/configmaps` for the core group. Rules may overlap. */
function grantsOf(role: KubeObject): Entries {
  const verbs = new Map<string, string[]>();
  for (const rule of mapsIn(role['rules'])) {
    for (const group of textsIn(rule['apiGroups'])) {
      for (const resource of textsIn(rule['resources'])) {
        const key = `${group}/${resource}`;
        verbs.set(key, [...(verbs.get(key) ?? []), ...textsIn(rule['verbs'])]);
      }
    }
  }
  return [...verbs].map(([key, granted]) => [key, list(granted)] as const);
}

/** `ServiceAccount/cnpg-system/cnpg-manager`, `ClusterRole/cnpg-manager`. */
const named = ({ kind, namespace, name }: Readonly<Record<string, unknown>>): string =>
  [kind, namespace, name].filter((part) => part !== undefined).join('/');

const webhooksOf = (configuration: KubeObject) => mapsIn(configuration['webhooks']);
const rulesOf = (configuration: KubeObject) => webhooksOf(configuration).flatMap(({ rules }) => mapsIn(rules));

const servicesOf = (configuration: KubeObject): string[] =>
  webhooksOf(configuration).map((webhook) => {
    const { namespace, name } = mapAt(webhook, 'clientConfig', 'service');
    return `${String(namespace)}/${String(name)}`;
  });

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
