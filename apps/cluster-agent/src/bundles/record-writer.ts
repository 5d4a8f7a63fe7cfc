import type { Instance } from '../instances/instance.js';
import type { BundleRecord } from './bundle-record.js';
import type { BundleStore } from './bundle-store.js';

/** The only writer of records. A record is stored before it counts, and one write per instance runs at a time. */
export class RecordWriter {
  constructor(private readonly store: BundleStore) {}

  /** `change` receives the record with the newest observed state and returns the one to store, or undefined for none. */
  update(
    instance: Instance,
    change: (current: BundleRecord) => BundleRecord | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    return instance.exclusive(async () => {
      const current = { ...instance.record, inventory: instance.inventory(), checkpoint: instance.checkpoint() };
      const next = change(current);
      if (next === undefined) return;
      instance.startCheckpoint();
      try {
        await this.store.save(next, instance.record.revision === 0, signal);
      } catch (thrown) {
        instance.markCheckpointDue();
        throw thrown;
      }
      instance.recordStored(next);
    });
  }

  /** Stores the checkpoint if it has changed. */
  async writeCheckpoint(instance: Instance, signal?: AbortSignal): Promise<void> {
    if (instance.checkpointDue) await this.update(instance, (current) => current, signal);
  }

  delete(instance: Instance): Promise<void> {
    return instance.exclusive(() => this.store.delete(instance.osid));
  }
}
