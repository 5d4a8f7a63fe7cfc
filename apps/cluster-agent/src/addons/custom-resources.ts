import { isNotFound, type KubeClient } from '@runos/kube-client';
import { unavailable } from '@runos/kernel';
import { type KubeObject, mapAt, mapsIn, numberOf, type ObjectRef, printRef, refOf } from '@runos/kube-objects';

export interface CustomResources {
  readonly count: number;
  /** At most five of them: `Cluster shop/orders`. */
  readonly names: readonly string[];
}

const maxNames = 5;

/**
 * The custom resources of a CRD in all namespaces.
 * @throws Fault `unavailable` if the CRD serves no version, because stored objects cannot be listed then
 */
export async function customResourcesOf(client: KubeClient, crd: ObjectRef): Promise<CustomResources> {
  const live = await client.find(crd);
  if (live === undefined) return { count: 0, names: [] };
  const { group, versions } = mapAt(live, 'spec');
  const version = mapsIn(versions).find(({ served }) => served === true)?.['name'];
  if (version === undefined) {
    throw unavailable(`${printRef(crd)} serves no version, so its custom resources cannot be listed.`);
  }
  const plural = mapAt(live, 'spec', 'names')['plural'];
  const path = `/apis/${String(group)}/${String(version)}/${String(plural)}`;
  return list(client, path);
}

async function list(client: KubeClient, path: string): Promise<CustomResources> {
  try {
    const query = { limit: maxNames };
    const page = await client.transport.send<{ items: KubeObject[] }>({ method: 'GET', path, query });
    const more = numberOf(mapAt(page, 'metadata')['remainingItemCount']) ?? 0;
    return { count: page.items.length + more, names: page.items.map((item) => printRef(refOf(item))) };
  } catch (thrown) {
    // A CRD that is not served yet has no custom resources.
    if (isNotFound(thrown)) return { count: 0, names: [] };
    throw thrown;
  }
}

export const sumOf = (all: readonly CustomResources[]): CustomResources => ({
  count: all.reduce((sum, { count }) => sum + count, 0),
  names: all.flatMap(({ names }) => names).slice(0, maxNames),
});

/** For people: `7 custom resources exist: Cluster shop/orders, …`. */
export const describeCustomResources = ({ count, names }: CustomResources): string =>
  `${count} custom resource${count === 1 ? ' exists' : 's exist'}: ${names.join(', ')}${count > names.length ? ', …' : ''}`;
