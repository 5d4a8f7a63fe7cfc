import { gunzipSync } from 'node:zlib';
import { type KubeClient } from '@runos/kube-client';
import { canonicalJson, type KubeObject, managedSelector, osidOf, refKey, refOf } from '@runos/kube-objects';
import { type Ledger } from '../load/ledger.js';

/** What Kubernetes says that contradicts what clients were promised; empty when all is well. */
export async function clusterVerdict(client: KubeClient, ledger: Ledger): Promise<string[]> {
  const wanted = new Set(ledger.living.map(({ osid }) => osid));
  const bundles = await client.list({
    apiVersion: 'v1',
    kind: 'Secret',
    namespace: 'runos',
    labelSelector: 'runos.com/bundle=true',
  });
  const objects = bundles.flatMap((bundle) => objectsOf(bundle));
  const stored = new Set(objects.map(osidOf));
  return [
    ...[...wanted].filter((osid) => !stored.has(osid)).map((osid) => `${osid}: the agent has no bundle`),
    ...[...stored].filter((osid) => !wanted.has(String(osid))).map((osid) => `${osid}: the agent still has a bundle`),
    ...(await extras(client, objects)),
    ...(await Promise.all(objects.map((object) => unlike(client, object)))).flat(),
  ];
}

function objectsOf(bundle: KubeObject): KubeObject[] {
  const data = bundle['data'] as Record<string, string>;
  if (data['objects'] === undefined) return [];
  return JSON.parse(gunzipSync(Buffer.from(data['objects'], 'base64')).toString('utf8')) as KubeObject[];
}

/** Objects with our labels that no bundle has. */
async function extras(client: KubeClient, objects: readonly KubeObject[]): Promise<string[]> {
  const wanted = new Set(objects.map((object) => refKey(refOf(object))));
  const kinds = new Map(objects.map(({ apiVersion, kind }) => [`${apiVersion}/${kind}`, { apiVersion, kind }]));
  kinds.set('v1/Namespace', { apiVersion: 'v1', kind: 'Namespace' });
  const live = await Promise.all(
    [...kinds.values()].map((kind) => client.list({ ...kind, labelSelector: managedSelector })),
  );
  return live
    .flat()
    .filter(({ metadata }) => metadata.ownerReferences === undefined)
    .filter((object) => !wanted.has(refKey(refOf(object))))
    .map((object) => `${refKey(refOf(object))} is there, and belongs to no bundle`);
}

/** An apply that would change nothing shows that the live object is as it should be. */
async function unlike(client: KubeClient, object: KubeObject): Promise<string[]> {
  const live = await client.find(refOf(object));
  if (live === undefined) return [`${refKey(refOf(object))} is missing`];
  const applied = await client.apply(object, { dryRun: true });
  return contentOf(live) === contentOf(applied) ? [] : [`${refKey(refOf(object))} is not as it was asked for`];
}

const contentOf = ({ metadata, ...rest }: KubeObject): string => {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  return canonicalJson({ ...rest, metadata: kept });
};
