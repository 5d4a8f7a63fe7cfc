import { type HOLD_DELETION, heldDeletionMs, type ReadInputOf, type ReplyOf } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import { claimKind } from '@runos/kube-kinds';
import { printRef, refOf } from '@runos/kube-objects';
import type { RecordWriter } from '../bundles/bundle-store.js';
import type { InstanceIndex } from '../instances/instance-index.js';
import type { Instance } from '../instances/instance.js';

type Reply = ReplyOf<typeof HOLD_DELETION>;

/** Stops removals of which nothing is deleted yet, so that the plane can revert them. */
export class DeletionHolder {
  constructor(
    private readonly client: KubeClient,
    private readonly instances: InstanceIndex,
    private readonly writer: RecordWriter,
    private readonly clock: Clock,
  ) {}

  async hold({ osid, revision }: ReadInputOf<typeof HOLD_DELETION>): Promise<Reply> {
    const instance = this.instances.get(osid);
    const stored = instance?.record.revision ?? 0;
    if (instance === undefined || stored === 0) return { held: false, reason: `The agent stores nothing of ${osid}.` };
    if (stored > revision || (stored === revision && !instance.record.removing)) {
      return { held: false, reason: `The agent stores revision ${stored} of ${osid}.` };
    }
    instance.removalHold.start(this.clock.monotonicMs() + heldDeletionMs);
    // A deletion that has not arrived yet will wait as well.
    const deleted = instance.record.removing ? await this.#findDeleted(instance) : undefined;
    if (deleted === undefined) {
      // Until the next revision is stored, another process may continue, and it must not begin to delete.
      await this.writer.update(instance, (current) =>
        current.revision > revision ? undefined : { ...current, heldDeletion: revision },
      );
      return { held: true };
    }
    instance.removalHold.release();
    return { held: false, reason: deleted };
  }

  /** Holds a deletion again that an earlier process held. */
  resume({ record, removalHold }: Instance): void {
    const { heldDeletion = 0, revision } = record;
    if (heldDeletion >= revision && heldDeletion > 0) removalHold.start(this.clock.monotonicMs() + heldDeletionMs);
  }

  /**
   * What is deleted already, as a sentence. An earlier process may have begun: an object with a known uid that is missing,
   * or a claim that is being deleted, shows that.
   */
  async #findDeleted(instance: Instance): Promise<string | undefined> {
    const { osid, removal, record } = instance;
    await removal?.settled();
    const [first] = removal?.deleted ?? [];
    if (first !== undefined) return `${first} is deleted already.`;
    const entries = record.inventory.filter(({ uid }) => uid !== undefined);
    for (const entry of entries) {
      const live = await this.client.find(entry);
      if (live?.metadata.uid !== entry.uid) return `${printRef(entry)} is deleted already.`;
      if (live?.metadata.deletionTimestamp) return `${printRef(entry)} is being deleted already.`;
    }
    const claims = await this.client.list({ ...claimKind, namespace: osid });
    const claim = claims.find(({ metadata }) => metadata.deletionTimestamp !== undefined);
    return claim && `${printRef(refOf(claim))} is being deleted already.`;
  }
}
