import type { KubeClient } from '@runos/kube-client';
import {
  entriesToPrune,
  type InventoryEntry,
  type KubeObject,
  osidOf,
  refOf,
  withoutDeleted,
} from '@runos/kube-objects';
import type { RecordWriter } from '../bundles/bundle-store.js';
import type { Instance } from '../instances/instance.js';

/** Deletes objects that are in the inventory but not in the bundle. */
export class Pruner {
  constructor(
    private readonly client: KubeClient,
    private readonly writer: RecordWriter,
  ) {}

  /** Objects that are not deleted at once stay in the inventory, so that the next reconcile tries again. */
  async prune(instance: Instance, desired: ReadonlyMap<string, KubeObject>, signal: AbortSignal): Promise<void> {
    const deleted: InventoryEntry[] = [];
    for (const entry of entriesToPrune(instance.inventory(), [...desired.values()].map(refOf))) {
      if (await this.#delete(instance, entry, signal)) deleted.push(entry);
    }
    if (deleted.length === 0) return;
    await this.writer.update(instance, (current) =>
      // A bundle that arrived meanwhile may contain the object again: the next reconcile decides.
      current.revision === instance.observedRevision
        ? { ...current, inventory: withoutDeleted(current.inventory, deleted) }
        : undefined,
    );
  }

  /** True if the deletion is proven. */
  async #delete(instance: Instance, entry: InventoryEntry, signal: AbortSignal): Promise<boolean> {
    const live = await this.client.find(entry, { signal });
    // An object of this name without our OSID is foreign and stays.
    if (live === undefined || osidOf(live) !== instance.osid) return true;
    if (live.metadata.deletionTimestamp) return false;
    return (await this.client.delete(entry, { uid: live.metadata.uid, signal })) === 'deleted';
  }
}
