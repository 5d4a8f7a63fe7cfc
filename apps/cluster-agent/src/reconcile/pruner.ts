import { isRefusal, type KubeClient } from '@runos/kube-client';
import {
  entriesToPrune,
  type InventoryEntry,
  type KubeObject,
  osidOf,
  printRef,
  refOf,
  withoutDeleted,
} from '@runos/kube-objects';
import type { RecordWriter } from '../bundles/bundle-store.js';
import type { Instance } from '../instances/instance.js';
import type { RefusedPrune } from '../instances/prune-log.js';

type PruneOutcome = 'deleted' | 'deleting' | RefusedPrune;

/** Deletes objects that are in the inventory but not in the bundle. */
export class Pruner {
  constructor(
    private readonly client: KubeClient,
    private readonly writer: RecordWriter,
  ) {}

  /**
   * Objects that are not deleted at once stay in the inventory, so that the next reconcile tries again. A refusal is
   * recorded, and the other objects are deleted all the same.
   */
  async prune(instance: Instance, desired: ReadonlyMap<string, KubeObject>, signal: AbortSignal): Promise<void> {
    const outcomes: [InventoryEntry, PruneOutcome][] = [];
    for (const entry of entriesToPrune(instance.inventory(), [...desired.values()].map(refOf))) {
      outcomes.push([entry, await this.#delete(instance, entry, signal)]);
    }
    const entriesWith = (expected: PruneOutcome) =>
      outcomes.flatMap(([entry, outcome]) => (outcome === expected ? [entry] : []));
    const refused = outcomes.flatMap(([, outcome]) => (typeof outcome === 'string' ? [] : [outcome]));
    instance.pruneLog.recordAttempt(entriesWith('deleting'), refused);
    const deleted = entriesWith('deleted');
    if (deleted.length === 0) return;
    await this.writer.update(instance, (current) =>
      // A bundle that arrived meanwhile may contain the object again: the next reconcile decides.
      current.revision === instance.observedRevision
        ? { ...current, inventory: withoutDeleted(current.inventory, deleted) }
        : undefined,
    );
  }

  async #delete(instance: Instance, entry: InventoryEntry, signal: AbortSignal): Promise<PruneOutcome> {
    try {
      const live = await this.client.find(entry, { signal });
      // An object of this name without our OSID is foreign and stays.
      if (live === undefined || osidOf(live) !== instance.osid) return 'deleted';
      if (live.metadata.deletionTimestamp) return 'deleting';
      return await this.client.delete(entry, { uid: live.metadata.uid, signal });
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      return { entry, message: `Cannot delete ${printRef(entry)}: ${thrown.message}` };
    }
  }
}
