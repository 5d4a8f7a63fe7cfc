import { maxOrphans } from '@runos/agent-protocol';
import type { KubeClient } from '@runos/kube-client';
import { managedSelector, osidOf } from '@runos/kube-objects';
import { Osid } from '@runos/osid';
import type { InstanceIndex } from '../instances/instance-index.js';
import type { PlaneClient } from '../status/plane-client.js';

/** The OSIDs of the namespaces that carry the labels of an instance and are not being deleted. */
export async function labelledNamespaces(client: Pick<KubeClient, 'pages'>): Promise<Osid[]> {
  const selection = { apiVersion: 'v1', kind: 'Namespace', labelSelector: managedSelector, metadataOnly: true };
  const found: Osid[] = [];
  for await (const { items } of client.pages(selection, { pageSize: 500 })) {
    for (const namespace of items) {
      const { name, deletionTimestamp } = namespace.metadata;
      if (deletionTimestamp === undefined && osidOf(namespace) === name && Osid.is(name)) found.push(name);
    }
  }
  return found;
}

/**
 * Names to the plane the instances whose namespaces exist without a stored bundle. A person has restored them, or the
 * late write of a deposed agent has created them. The plane deletes those again that were deleted; the others stay.
 */
export async function reportOrphanedNamespaces(
  instances: InstanceIndex,
  plane: Pick<PlaneClient, 'resync'>,
  namespaces: () => Promise<Osid[]>,
): Promise<void> {
  const orphans = (await namespaces()).filter((osid) => instances.get(osid) === undefined);
  for (let first = 0; first < orphans.length; first += maxOrphans) {
    await plane.resync({ step: 'orphans', osids: orphans.slice(first, first + maxOrphans) });
  }
}
