import { KubeError, type KubeClient } from '@runos/kube-client';
import type { ObjectCondition } from '@runos/kube-kinds';
import { type KubeObject, mapAt, mapsIn, textOf } from '@runos/kube-objects';

/** `configmaps. has 1 resource instances`, `clusters.postgresql.cnpg.io has 2 resource instances`. */
const resourceCount = /([a-z0-9-]+)\.([a-z0-9.-]*) has \d+ resource instances/g;

/** Maximum of objects per resource: enough to name the blockers without reading a whole namespace. */
const maxObjects = 20;

/** The undeleted objects of a namespace, of the resources in its NamespaceContentRemaining condition. */
export async function namespaceContent(
  client: KubeClient,
  namespace: string,
  conditions: readonly ObjectCondition[],
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const text = conditions.find(({ type }) => type === 'NamespaceContentRemaining')?.message ?? '';
  const resources = [...text.matchAll(resourceCount)].map(([, plural = '', group = '']) => ({ plural, group }));
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
    const response = await client.transport.send<Record<string, unknown>>({
      method: 'GET',
      path,
      query: { limit: maxObjects },
      signal,
    });
    const kind = (textOf(response['kind']) ?? '').replace(/List$/, '');
    const apiVersion = textOf(response['apiVersion']) ?? '';
    return mapsIn(response['items']).map((item) => ({ ...item, apiVersion, kind }) as unknown as KubeObject);
  } catch (thrown) {
    // The agent may not read this kind. The condition of the namespace still names it.
    if (thrown instanceof KubeError && !thrown.isOutage) return [];
    throw thrown;
  }
}

async function versionOf(client: KubeClient, group: string, signal: AbortSignal): Promise<string> {
  const response = await client.transport.send<unknown>({ method: 'GET', path: `/apis/${group}`, signal });
  return textOf(mapAt(response, 'preferredVersion')['groupVersion']) ?? `${group}/v1`;
}
