import { reconciled, type ReconcileResult, requeue } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import { claimKind, type DeletionStep, deletionSteps } from '@runos/kube-kinds';
import {
  fieldManager,
  type InventoryEntry,
  type KubeObject,
  osidOf,
  ownerLabels,
  type Propagation,
  refKey,
  refOf,
} from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import { RemovalState } from '../instances/removal-state.js';
import { describeBlockers } from './describe-blockers.js';
import { existingVolumes, isClaimed, isRetained, type VolumeIndex, volumeOf } from './volumes.js';

export interface InstanceRemoverOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly volumes: VolumeIndex;
  /** A removal that takes longer reports its blockers. */
  readonly deletionBlockedAfterMs: number;
  /** How often the removal is reconciled without an event. */
  readonly requeueMs: number;
  /** The status may have changed. */
  report(instance: Instance): void;
}

/** Removes an instance in steps, each object by its uid, until the deletion of all objects and volumes is proven. */
export class InstanceRemover {
  constructor(private readonly options: InstanceRemoverOptions) {}

  async reconcile(instance: Instance, signal: AbortSignal): Promise<ReconcileResult> {
    const { client, clock, volumes, deletionBlockedAfterMs, requeueMs, report } = this.options;
    // After a restart, volumes may be all that remains of the instance.
    if (!volumes.synced) return requeue('VolumesUnlisted', requeueMs);
    const removal = instance.removal ?? instance.startRemoval(await this.#startRemoval(instance, signal));
    if (removal.done) return reconciled();
    const elapsedMs = clock.now().getTime() - removal.startedAt;
    const isLate = elapsedMs >= deletionBlockedAfterMs;
    const objects = await this.#deleteObjects(instance, removal, isLate, signal);
    const remaining = objects.length > 0 ? objects : await this.#remainingVolumes(instance, removal, signal);
    if (remaining.length === 0) {
      removal.recordDone();
      report(instance);
      return reconciled();
    }
    if (isLate) removal.recordBlocked(await describeBlockers(client, instance.osid, remaining, signal));
    report(instance);
    return requeue('Removing', isLate ? requeueMs : Math.min(requeueMs, deletionBlockedAfterMs - elapsedMs));
  }

  async #startRemoval({ osid }: Instance, signal: AbortSignal): Promise<RemovalState> {
    const { client, clock, volumes } = this.options;
    const claims = await client.list({ ...claimKind, namespace: osid }, { signal });
    const names = new Set([...claims.flatMap((claim) => volumeOf(claim) ?? []), ...volumes.namesFor(osid)]);
    const existing = await existingVolumes(client, osid, names, signal);
    const retained = existing.filter(isRetained).map(({ metadata }) => metadata.name);
    return new RemovalState(clock.now().getTime(), names, retained);
  }

  /**
   * Deletes the objects and returns those that still exist. A step starts when the previous one is complete, so that
   * operators can clean up. A late removal starts all steps, because only a terminating namespace reports its blockers.
   */
  async #deleteObjects(
    instance: Instance,
    removal: RemovalState,
    isLate: boolean,
    signal: AbortSignal,
  ): Promise<KubeObject[]> {
    const remaining: KubeObject[] = [];
    for (const { name, refs, propagation } of await this.#deletionSteps(instance, removal, signal)) {
      const found = await Promise.all(refs.map((ref) => this.#deleteObject(instance, ref, propagation, signal)));
      remaining.push(...found.flatMap((live) => (live === undefined ? [] : [live])));
      if (remaining.length > 0 && !isLate && name !== 'namespaces') break;
    }
    return remaining;
  }

  /** The inventory, and the claims that workloads created: a namespace with claims terminates seconds later. */
  async #deletionSteps(
    { osid, record, kinds }: Instance,
    removal: RemovalState,
    signal: AbortSignal,
  ): Promise<DeletionStep<InventoryEntry>[]> {
    const claims = await this.options.client.list({ ...claimKind, namespace: osid }, { signal });
    removal.recordVolumes(claims.flatMap((claim) => volumeOf(claim) ?? []));
    const known = new Set(record.inventory.map(refKey));
    const created = claims.map(refOf).filter((ref) => !known.has(refKey(ref)));
    return deletionSteps(kinds, [...record.inventory, ...created]);
  }

  /**
   * Volumes that Kubernetes has not deleted yet. It deletes a volume, and with it the data, after its claim. Volumes that
   * another claim is bound to are not awaited.
   */
  async #remainingVolumes({ osid }: Instance, removal: RemovalState, signal: AbortSignal): Promise<KubeObject[]> {
    const { client } = this.options;
    const existing = await existingVolumes(client, osid, removal.volumes, signal);
    removal.recordRetainedVolumes(existing.filter(isRetained).map(({ metadata }) => metadata.name));
    const deletable = existing.filter((volume) => !isRetained(volume));
    const claimed = await Promise.all(deletable.map((volume) => isClaimed(client, volume, signal)));
    return deletable.filter((_, index) => !claimed[index]);
  }

  /** The object if it still exists. A foreign object of the same name is not deleted and does not count. */
  async #deleteObject(
    instance: Instance,
    entry: InventoryEntry,
    propagation: Propagation,
    signal: AbortSignal,
  ): Promise<KubeObject | undefined> {
    const { client } = this.options;
    const live = await client.find(entry, { signal });
    if (live === undefined || !isOurs(live, instance.osid, entry.uid)) return undefined;
    if (live.metadata.deletionTimestamp) return live;
    const { uid } = live.metadata;
    return (await client.delete(entry, { uid, propagation, signal })) === 'deleted' ? undefined : live;
  }
}

/** Ownership by uid. Without a matching uid, the labels decide, which only we set. */
const isOurs = (live: KubeObject, osid: string, uid: string | undefined): boolean =>
  live.metadata.uid === uid ||
  (osidOf(live) === osid && live.metadata.labels?.[ownerLabels.managedBy] === fieldManager);
