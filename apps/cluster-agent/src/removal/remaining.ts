import { KubeError, type KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt, mapsIn, type ObjectCondition, textOf } from '@runos/kube-objects';

/** `configmaps. has 1 resource instances`, `clusters.postgresql.cnpg.io has 2 resource instances`. */
const counted = /([a-z0-9-]+)\.([a-z0-9.-]*) has \d+ resource instances/g;

/** Enough to name the culprits without reading a whole namespace. */
const listed = 20;

/** The objects that are left in a namespace, of the resources that its condition names. */
export async function remainingIn(
  client: KubeClient,
  namespace: string,
  conditions: readonly ObjectCondition[],
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const text = conditions.find(({ type }) => type === 'NamespaceContentRemaining')?.message ?? '';
  const resources = [...text.matchAll(counted)].map(([, plural = '', group = '']) => ({ plural, group }));
  const found = await Promise.all(resources.map((resource) => list(client, namespace, resource, signal)));
  return found.flat();
}

async function list(
  client: KubeClient,
  namespace: string,
  { plural, group }: { plural: string; group: string },
  signal: AbortSignal,
): Promise<KubeObject[]> {
  try {
    const root = group === '' ? '/api/v1' : `/apis/${await versionOf(client, group, signal)}`;
    const path = `${root}/namespaces/${namespace}/${plural}`;
    const answer = await client.transport.send<Record<string, unknown>>({
      method: 'GET',
      path,
      query: { limit: listed },
      signal,
    });
    const kind = (textOf(answer['kind']) ?? '').replace(/List$/, '');
    const apiVersion = textOf(answer['apiVersion']) ?? '';
    return mapsIn(answer['items']).map((item) => ({ ...item, apiVersion, kind }) as unknown as KubeObject);
  } catch (thrown) {
    // A kind that the agent may not read is still named by the namespace's own condition.
    if (thrown instanceof KubeError && !thrown.outage) return [];
    throw thrown;
  }
}

async function versionOf(client: KubeClient, group: string, signal: AbortSignal): Promise<string> {
  const answer = await client.transport.send<unknown>({ method: 'GET', path: `/apis/${group}`, signal });
  return textOf(mapAt(answer, 'preferredVersion')['groupVersion']) ?? `${group}/v1`;
}
