import { type KubeClient } from '@runos/kube-client';
import { canonicalJson, type KubeObject, managedSelector, osidOf, refKey, refOf } from '@runos/kube-objects';
import { storedBundles } from '../history/stored-bundles.js';
import { type Ledger } from '../load/ledger.js';

/** Contradictions between Kubernetes and the responses to clients; empty when there are none. */
export async function checkCluster(client: KubeClient, ledger: Ledger): Promise<string[]> {
  const expected = new Set(ledger.living.map(({ osid }) => osid));
  const objects = (await storedBundles(client)).flatMap((bundle) => bundle.objects.map(withPodSecurity));
  const stored = new Set(objects.map(osidOf));
  return [
    ...[...expected].filter((osid) => !stored.has(osid)).map((osid) => `${osid}: the agent has no bundle`),
    ...[...stored].filter((osid) => !expected.has(String(osid))).map((osid) => `${osid}: the agent still has a bundle`),
    ...(await findOrphans(client, objects)),
    ...(await Promise.all(objects.map((object) => findDifference(client, object)))).flat(),
  ];
}

/** The agent sets the Pod Security Standard of each namespace, also where an older agent did not. */
function withPodSecurity(object: KubeObject): KubeObject {
  if (object.kind !== 'Namespace') return object;
  const level = 'pod-security.kubernetes.io/enforce';
  const labels = { ...object.metadata.labels, [level]: 'restricted', [`${level}-version`]: 'latest' };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/** A namespace of the manifests, in which plans are tried. */
const planNamespace = 'runos-plan';

/** Managed objects that belong to no bundle. */
async function findOrphans(client: KubeClient, objects: readonly KubeObject[]): Promise<string[]> {
  const expected = new Set(objects.map((object) => refKey(refOf(object))));
  const kinds = new Map(objects.map(({ apiVersion, kind }) => [`${apiVersion}/${kind}`, { apiVersion, kind }]));
  kinds.set('v1/Namespace', { apiVersion: 'v1', kind: 'Namespace' });
  const live = await Promise.all(
    [...kinds.values()].map((kind) => client.list({ ...kind, labelSelector: managedSelector })),
  );
  return live
    .flat()
    .filter(({ metadata }) => metadata.ownerReferences === undefined)
    .filter((object) => !expected.has(refKey(refOf(object))) && object.metadata.name !== planNamespace)
    .map((object) => `${refKey(refOf(object))} is there, and belongs to no bundle`);
}

/** A dry-run apply without changes shows that the live object equals the desired one. */
async function findDifference(client: KubeClient, object: KubeObject): Promise<string[]> {
  const live = await client.find(refOf(object));
  if (live === undefined) return [`${refKey(refOf(object))} is missing`];
  const applied = await client.apply(object, { dryRun: true });
  return contentOf(live) === contentOf(applied) ? [] : [`${refKey(refOf(object))} differs from the desired object`];
}

const contentOf = ({ metadata, ...rest }: KubeObject): string => {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  return canonicalJson({ ...rest, metadata: kept });
};
