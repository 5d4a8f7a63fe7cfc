import type { InstanceType } from '@runos/catalog-model';
import { claimKind, kindKey, secretKind } from '@runos/kube-kinds';
import { groupOf } from '@runos/kube-objects';

type RenderedKind = Pick<InstanceType['customKinds'][number], 'apiVersion' | 'kind' | 'resource'>;

interface ApiGroup {
  readonly apiVersion: string;
  readonly resources: string[];
}

/** The kinds that service types render, each once, in the order of the types. */
const renderedKinds = (types: readonly InstanceType[]): RenderedKind[] => [
  ...new Map(
    types.flatMap(({ kinds, customKinds }) => [...kinds, ...customKinds]).map((kind) => [kindKey(kind), kind]),
  ).values(),
];

/** By API group and version, the core group first. */
function byGroup(kinds: readonly RenderedKind[]): ApiGroup[] {
  const groups = new Map<string, ApiGroup>();
  for (const { apiVersion, resource } of kinds) {
    const group = groups.get(apiVersion) ?? { apiVersion, resources: [] };
    group.resources.push(resource);
    groups.set(apiVersion, group);
  }
  const nameOf = ({ apiVersion }: ApiGroup) => groupOf(apiVersion);
  return [...groups.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

const quoted = (group: string): string => (group === '' ? "''" : group);
const versionOf = (apiVersion: string): string => apiVersion.slice(apiVersion.lastIndexOf('/') + 1);

/** Namespaces are not excluded: the policy compares their labels. */
const isExcluded = ({ resource }: RenderedKind): boolean => resource !== 'namespaces';

/** A ClusterRole gives a kind in every namespace: Secrets are in a role of their own, bound per namespace. */
const isClusterWide = (kind: RenderedKind): boolean => kindKey(kind) !== kindKey(secretKind);

/** The generated lines of the agent's manifests, by the name of their region. */
export function agentRights(types: readonly InstanceType[]): Readonly<Record<string, readonly string[]>> {
  const kinds = renderedKinds(types);
  const written = [...kinds, claimKind];
  return {
    'rendered-kinds': byGroup(kinds.filter(isClusterWide)).flatMap(({ apiVersion, resources }) => [
      `  - apiGroups: [${quoted(groupOf(apiVersion))}]`,
      `    resources: [${resources.join(', ')}]`,
      '    verbs: [get, list, watch, create, update, patch, delete]',
    ]),
    'written-resources': [
      '    - name: writtenResources',
      '      expression: >-',
      `        [${written.map(({ apiVersion, resource }) => `'${groupOf(apiVersion)}/${resource}'`).join(', ')}]`,
    ],
    'excluded-kinds': byGroup(written.filter(isExcluded)).flatMap(({ apiVersion, resources }) => [
      `      - apiGroups: [${quoted(groupOf(apiVersion))}]`,
      `        apiVersions: [${versionOf(apiVersion)}]`,
      '        operations: [CREATE, UPDATE, DELETE]',
      `        resources: [${resources.join(', ')}]`,
    ]),
  };
}
