import { isNotAdmitted, type KubeClient, KubeError } from '@runos/kube-client';
import { sentence } from '@runos/kube-kinds';
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

type PruneOutcome = 'deleted' | 'deleting' | (RefusedPrune & { readonly cause: KubeError });

/** Deletes objects that are in the inventory but not in the bundle. */
export class Pruner {
  constructor(
    private readonly client: KubeClient,
    private readonly writer: RecordWriter,
  ) {}

  /**
   * Objects that are not deleted at once stay in the inventory, so that the next reconcile tries again. An error is
   * recorded, and the other objects are deleted all the same. Returns the errors that are no refusals.
   */
  async prune(
    instance: Instance,
    desired: ReadonlyMap<string, KubeObject>,
    signal: AbortSignal,
  ): Promise<readonly KubeError[]> {
    const outcomes: [InventoryEntry, PruneOutcome][] = [];
    for (const entry of entriesToPrune(instance.inventory(), [...desired.values()].map(refOf))) {
      outcomes.push([entry, await this.#delete(instance, entry, signal)]);
    }
    await this.#record(instance, outcomes);
    return outcomes.flatMap(([, outcome]) =>
      typeof outcome === 'string' || isNotAdmitted(outcome.cause) ? [] : [outcome.cause],
    );
  }

  async #record(instance: Instance, outcomes: readonly [InventoryEntry, PruneOutcome][]): Promise<void> {
    const entriesWith = (expected: PruneOutcome) =>
      outcomes.flatMap(([entry, outcome]) => (outcome === expected ? [entry] : []));
    const refused = outcomes.flatMap(([, outcome]) =>
      typeof outcome === 'string' ? [] : [{ entry: outcome.entry, message: outcome.message }],
    );
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
      if (!(thrown instanceof KubeError) || signal.aborted) throw thrown;
      return { entry, message: `Cannot delete ${printRef(entry)}: ${sentence(thrown.message)}`, cause: thrown };
    }
  }
}
