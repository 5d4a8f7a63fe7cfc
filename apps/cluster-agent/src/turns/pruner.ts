import type { KubeClient } from '@runos/kube-client';
import {
  type InventoryEntry,
  type KubeObject,
  osidOf,
  refOf,
  entriesToPrune,
  withoutDeleted,
} from '@runos/kube-objects';
import type { RecordKeeper } from '../bundles/record-keeper.js';
import type { Instance } from '../instances/instance.js';

/** Removes what is on an inventory and no longer in the bundle. */
export class Pruner {
  constructor(
    private readonly client: KubeClient,
    private readonly keeper: RecordKeeper,
  ) {}

  /** Once everything wanted is there. What refuses to go stays on the inventory and is tried again. */
  async prune(instance: Instance, rendered: ReadonlyMap<string, KubeObject>, signal: AbortSignal): Promise<void> {
    const left = entriesToPrune(instance.inventory(), [...rendered.values()].map(refOf));
    const gone: InventoryEntry[] = [];
    for (const entry of left) if (await this.#gone(instance, entry, signal)) gone.push(entry);
    if (gone.length === 0) return;
    await this.keeper.update(instance, (now) =>
      // A bundle that has come in meanwhile may want it back: then the next turn decides anew.
      now.revision === instance.adopted ? { ...now, inventory: withoutDeleted(now.inventory, gone) } : undefined,
    );
  }

  async #gone(instance: Instance, entry: InventoryEntry, signal: AbortSignal): Promise<boolean> {
    const live = await this.client.find(entry, { signal });
    // Another object that took the name is not ours to delete.
    if (live === undefined || osidOf(live) !== instance.osid) return true;
    if (live.metadata.deletionTimestamp) return false;
    return (await this.client.delete(entry, { uid: live.metadata.uid, signal })) === 'gone';
  }
}
