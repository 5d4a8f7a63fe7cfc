import { bucketHashes, resyncPages, rootOf } from '@runos/agent-protocol';
import type { Instance } from '../instances/instance.js';
import type { Registry } from '../instances/registry.js';
import type { Uplink } from '../status/uplink.js';

/**
 * Compares what is stored here with what the plane wants: one hash, then bucket hashes, then only the lists that
 * differ. The differences come as ordinary instructions; what the plane does not know is marked and kept.
 */
export async function resync(registry: Registry, uplink: Uplink, changed: (instance: Instance) => void): Promise<void> {
  const entries = registry.entries();
  const { equal } = await uplink.resync({ step: 'root', count: entries.length, root: rootOf(entries) });
  if (equal) return;
  const { differing = [] } = await uplink.resync({ step: 'buckets', buckets: bucketHashes(entries) });
  const unknown = new Set<string>();
  for (const page of resyncPages(entries, differing)) {
    const answer = await uplink.resync(page);
    for (const osid of answer.unknown ?? []) unknown.add(osid);
  }
  for (const instance of registry.all()) {
    if (instance.orphaned === unknown.has(instance.osid)) continue;
    instance.orphaned = !instance.orphaned;
    changed(instance);
  }
}
