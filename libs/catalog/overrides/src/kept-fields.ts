import { canonicalJson, type KubeObject, mapAt } from '@runos/kube-objects';
import { isCustomGroup } from '@runos/kube-kinds';
import { memberPath } from '@runos/kube-merge-patch';

/** A field that no override may change, and why. */
export interface KeptField {
  readonly path: string;
  readonly message: string;
}

/** Kinds whose objects no override patches, and how to change what they contain. */
const fixedKinds: Readonly<Record<string, string>> = {
  Namespace: 'the namespace of an instance cannot be overridden',
  Secret: 'secrets cannot be overridden, because overrides are not sealed; apps have secret variables and secret files',
  ServiceAccount: 'service accounts cannot be overridden',
};

/** Why no override may patch this object; undefined if one may. */
export const fixedKind = ({ kind }: KubeObject): string | undefined =>
  Object.hasOwn(fixedKinds, kind) ? fixedKinds[kind] : undefined;

/** The metadata that a user may set. The API server and controllers write the rest. */
const freeMetadata: readonly string[] = ['labels', 'annotations'];

/** Where objects have the labels of their instance, of which some select pods. */
const labelPaths = [['metadata'], ['spec', 'template', 'metadata'], ['spec', 'inheritedMetadata']] as const;

/** The annotations by which the plane restarts pods and recognizes their configuration. */
const isOurs = (name: string): boolean => name.startsWith('runos.com/') || name === 'kubectl.kubernetes.io/restartedAt';

/** What an override changes although the plane, the agent or Kubernetes relies on it. */
export const changedKeptFields = (before: KubeObject, after: KubeObject): KeptField[] => [
  ...differing(before, after, ['apiVersion', 'kind', 'status'], ''),
  ...differing(
    mapAt(before, 'metadata'),
    mapAt(after, 'metadata'),
    [...Object.keys(mapAt(before, 'metadata')), ...Object.keys(mapAt(after, 'metadata'))].filter(
      (name) => !freeMetadata.includes(name),
    ),
    'metadata',
  ),
  ...labelPaths.flatMap((path) => [
    ...lostEntries(before, after, [...path, 'labels'], () => true, 'is a label of the instance'),
    ...lostEntries(before, after, [...path, 'annotations'], isOurs, 'is an annotation of the platform'),
  ]),
  ...(isCustomGroup(before.apiVersion)
    ? []
    : differing(mapAt(before, 'spec'), mapAt(after, 'spec'), ['selector', 'volumeClaimTemplates'], 'spec')),
];

type Fields = Readonly<Record<string, unknown>>;

const isSame = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a ?? null) === canonicalJson(b ?? null);

function differing(before: Fields, after: Fields, names: readonly string[], path: string): KeptField[] {
  return [...new Set(names)]
    .filter((name) => !isSame(before[name], after[name]))
    .map((name) => ({ path: memberPath(path, name), message: 'cannot be changed by an override' }));
}

function lostEntries(
  before: KubeObject,
  after: KubeObject,
  path: readonly string[],
  isKept: (name: string) => boolean,
  why: string,
): KeptField[] {
  const [old, next] = [mapAt(before, ...path), mapAt(after, ...path)];
  return Object.entries(old)
    .filter(([name, value]) => isKept(name) && !isSame(value, next[name]))
    .map(([name]) => ({ path: memberPath(path.join('.'), name), message: `${why} and cannot be changed` }));
}
