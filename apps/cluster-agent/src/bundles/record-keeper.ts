import type { Instance } from '../instances/instance.js';
import type { BundleRecord } from './bundle-record.js';
import type { BundleStore } from './bundle-store.js';

/** The one place where an instance's record changes: stored first, believed afterwards, one change at a time. */
export class RecordKeeper {
  constructor(private readonly store: BundleStore) {}

  /** `change` gets the record with all that is known by now, and answers the one to store; undefined: leave it. */
  update(
    instance: Instance,
    change: (now: BundleRecord) => BundleRecord | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    return instance.exclusive(async () => {
      const now = { ...instance.record, inventory: instance.inventory(), notes: instance.notes() };
      const next = change(now);
      if (next === undefined) return;
      instance.notesDue = false;
      try {
        await this.store.save(next, instance.record.revision === 0, signal);
      } catch (thrown) {
        instance.notesDue = true;
        throw thrown;
      }
      instance.record = next;
    });
  }

  /** Stores what was learnt since the last time, if anything was. */
  async flush(instance: Instance, signal?: AbortSignal): Promise<void> {
    if (instance.notesDue) await this.update(instance, (now) => now, signal);
  }

  remove(instance: Instance): Promise<void> {
    return instance.exclusive(() => this.store.remove(instance.osid));
  }
}
