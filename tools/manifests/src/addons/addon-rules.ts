import { groupOf, type KubeObject, mapAt } from '@runos/kube-objects';
import { type AddonManifest, ofKinds, pluralOf, unique } from './addon-manifest.js';

const rbac = 'rbac.authorization.k8s.io';

/** The RBAC rules for the objects of the add-ons, by name, and for the lists of their custom resources. */
export function addonRules(manifests: readonly AddonManifest[]): string[] {
  const objects = manifests.flatMap((manifest) => manifest.objects);
  const kinds = [...new Map(objects.map((object) => [object.kind, object])).values()];
  return [
    ...kinds.flatMap(({ apiVersion, kind }) =>
      rule(
        groupOf(apiVersion),
        [pluralOf(kind)],
        namesOf(ofKinds(objects, kind)),
        'get, create, update, patch, delete',
      ),
    ),
    ...['ClusterRole', 'Role'].flatMap((kind) => [
      ...rule(rbac, [pluralOf(kind)], namesOf(ofKinds(objects, kind)), 'escalate'),
      ...rule(rbac, [pluralOf(kind)], boundRoles(objects, kind), 'bind'),
    ]),
    ...customResources(objects).flatMap(({ group, plurals }) => [
      ...field('apiGroups', [group], '  - '),
      ...field('resources', plurals),
      '    verbs: [list]',
    ]),
  ];
}

function rule(group: string, resources: readonly string[], names: readonly string[], verbs: string): string[] {
  if (names.length === 0) return [];
  return [
    ...field('apiGroups', [group], '  - '),
    ...field('resources', resources),
    ...field('resourceNames', names),
    `    verbs: [${verbs}]`,
  ];
}

/** One value in brackets, several as a block, as prettier formats them. */
function field(name: string, values: readonly string[], indent = '    '): string[] {
  const [first = ''] = values;
  if (values.length === 1) return [`${indent}${name}: [${first === '' ? "''" : first}]`];
  return [`${indent}${name}:`, ...values.map((value) => `      - ${value}`)];
}

const namesOf = (objects: readonly KubeObject[]): string[] => unique(objects.map(({ metadata }) => metadata.name));

/** The names of the roles of this kind that bindings of the add-ons refer to. */
const boundRoles = (objects: readonly KubeObject[], kind: string): string[] =>
  unique(
    ofKinds(objects, 'ClusterRoleBinding', 'RoleBinding')
      .map((binding) => mapAt(binding, 'roleRef'))
      .filter((role) => role['kind'] === kind)
      .map((role) => String(role['name'])),
  );

function customResources(objects: readonly KubeObject[]): { group: string; plurals: string[] }[] {
  const specs = ofKinds(objects, 'CustomResourceDefinition').map((crd) => mapAt(crd, 'spec'));
  const groupsOf = (spec: (typeof specs)[number]) => String(spec['group']);
  return unique(specs.map(groupsOf)).map((group) => {
    const own = specs.filter((spec) => groupsOf(spec) === group);
    return { group, plurals: unique(own.map((spec) => String(mapAt(spec, 'names')['plural']))) };
  });
}
