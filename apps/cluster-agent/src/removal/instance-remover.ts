import { reconciled, type ReconcileResult, requeue } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import { claimKind, type DeletionStep } from '@runos/kube-kinds';
import {
  fieldManager,
  type InventoryEntry,
  type KubeObject,
  osidOf,
  ownerLabels,
  type Propagation,
} from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import { RemovalState } from '../instances/removal-state.js';
import { describeBlockers } from './describe-blockers.js';
import { isLate, planSteps, requeueAfterMs, startsNextStep } from './plan-removal.js';
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
    const { clock, volumes, deletionBlockedAfterMs, requeueMs, report } = this.options;
    // After a restart, volumes may be all that remains of the instance.
    if (!volumes.synced) return requeue('VolumesUnlisted', requeueMs);
    const removal = instance.removal ?? instance.startRemoval(await this.#startRemoval(instance, signal));
    if (removal.done) return reconciled();
    const elapsedMs = clock.monotonicMs() - removal.startedAt;
    const times = { elapsedMs, deletionBlockedAfterMs, requeueMs };
    const remaining = await this.#remove(instance, removal, isLate(times), signal);
    if (remaining.length === 0) removal.recordDone();
    else if (isLate(times)) {
      removal.recordBlocked(await describeBlockers(this.options.client, instance.osid, remaining, signal));
    }
    report(instance);
    return removal.done ? reconciled() : requeue('Removing', requeueAfterMs(times));
  }

  /** Returns the objects that still exist; when none does, the volumes. */
  async #remove(
    instance: Instance,
    removal: RemovalState,
    late: boolean,
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]> {
    const { record, kinds, osid } = instance;
    const claims = await this.options.client.list({ ...claimKind, namespace: osid }, { signal });
    removal.recordVolumes(claims.flatMap((claim) => volumeOf(claim) ?? []));
    const steps = planSteps(kinds, record.inventory, claims);
    const objects = await this.#deleteObjects(instance, steps, late, signal);
    if (objects.length > 0) return objects;
    const { retained, remaining } = await this.#observeVolumes(osid, removal.volumes, signal);
    removal.recordRetainedVolumes(retained);
    return remaining;
  }

  async #startRemoval({ osid }: Instance, signal: AbortSignal): Promise<RemovalState> {
    const { client, clock, volumes } = this.options;
    const claims = await client.list({ ...claimKind, namespace: osid }, { signal });
    const names = new Set([...claims.flatMap((claim) => volumeOf(claim) ?? []), ...volumes.namesFor(osid)]);
    const existing = await existingVolumes(client, osid, names, signal);
    const retained = existing.filter(isRetained).map(({ metadata }) => metadata.name);
    return new RemovalState(clock.monotonicMs(), names, retained);
  }

  /** Deletes the objects of each step that may start, and returns those that still exist. */
  async #deleteObjects(
    instance: Instance,
    steps: readonly DeletionStep<InventoryEntry>[],
    late: boolean,
    signal: AbortSignal,
  ): Promise<KubeObject[]> {
    const remaining: KubeObject[] = [];
    for (const { name, refs, propagation } of steps) {
      const found = await Promise.all(refs.map((ref) => this.#deleteObject(instance, ref, propagation, signal)));
      remaining.push(...found.flatMap((live) => (live === undefined ? [] : [live])));
      if (!startsNextStep(name, remaining.length, late)) break;
    }
    return remaining;
  }

  /**
   * Volumes that Kubernetes has not deleted yet. It deletes a volume, and with it the data, after its claim. Volumes that
   * another claim is bound to are not awaited, nor are those that it retains.
   */
  async #observeVolumes(
    osid: string,
    names: RemovalState['volumes'],
    signal: AbortSignal,
  ): Promise<{ retained: string[]; remaining: KubeObject[] }> {
    const { client } = this.options;
    const existing = await existingVolumes(client, osid, names, signal);
    const deletable = existing.filter((volume) => !isRetained(volume));
    const claimed = await Promise.all(deletable.map((volume) => isClaimed(client, volume, signal)));
    return {
      retained: existing.filter(isRetained).map(({ metadata }) => metadata.name),
      remaining: deletable.filter((_, index) => !claimed[index]),
    };
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
