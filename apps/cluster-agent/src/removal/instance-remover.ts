import { reconciled, type ReconcileResult, requeue, retryAfterError } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { isRefusal, type KubeClient } from '@runos/kube-client';
import { claimKind, type DeletionStep, namespaceKind } from '@runos/kube-kinds';
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
import type { Dependent } from '../instances/instance-facts.js';
import type { Instance } from '../instances/instance.js';
import { notBlocked, RemovalState } from '../instances/removal-state.js';
import { describeBlockers, refusedDeletion, withRefusals } from './describe-blockers.js';
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

interface UndeletedObjects {
  readonly undeleted: readonly KubeObject[];
  /** Those whose deletion the API server has refused. */
  readonly refused: readonly Dependent[];
  /** Keys of the objects whose deletion is proven. */
  readonly gone: ReadonlySet<string>;
}

interface Deletion {
  readonly propagation: Propagation;
  onRefused(refusal: Dependent): void;
  readonly signal: AbortSignal;
}

/** Removes an instance in steps, each object by its uid, until the deletion of all objects and volumes is proven. */
export class InstanceRemover {
  constructor(private readonly options: InstanceRemoverOptions) {}

  async reconcile(instance: Instance, signal: AbortSignal): Promise<ReconcileResult> {
    const { clock, volumes, requeueMs, report } = this.options;
    const removal = instance.removal ?? instance.startRemoval(new RemovalState(clock.monotonicMs()));
    if (removal.done) return reconciled();
    // After a restart, volumes may be all that remains of the instance.
    if (!volumes.synced) {
      report(instance);
      return requeue('VolumesUnlisted', requeueMs);
    }
    try {
      return await this.#proceed(instance, removal, signal);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      removal.recordBlocked({ blockers: [], reason: thrown.reason, message: thrown.message });
      report(instance);
      return retryAfterError(thrown);
    }
  }

  async #proceed(instance: Instance, removal: RemovalState, signal: AbortSignal): Promise<ReconcileResult> {
    const { client, clock, deletionBlockedAfterMs, requeueMs, report } = this.options;
    const elapsedMs = clock.monotonicMs() - removal.startedAt;
    const times = { elapsedMs, deletionBlockedAfterMs, requeueMs };
    if (!removal.volumesFound) await this.#findVolumes(instance, removal, signal);
    const { undeleted, refused } = await this.#remove(instance, removal, isLate(times), signal);
    if (undeleted.length === 0) removal.recordDone();
    else {
      const late = isLate(times) ? await describeBlockers(client, instance.osid, undeleted, signal) : notBlocked;
      removal.recordBlocked(withRefusals(late, refused));
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
  ): Promise<UndeletedObjects> {
    const { record, kinds, osid } = instance;
    const claims = await this.options.client.list({ ...claimKind, namespace: osid }, { signal });
    removal.recordVolumes(claims.flatMap((claim) => volumeOf(claim) ?? []));
    const steps = planSteps(kinds, record.inventory, claims);
    const objects = await this.#deleteObjects(instance, steps, late, signal);
    removal.recordUndeleted(undeletedKeys(record.inventory, objects));
    if (objects.undeleted.length > 0) return objects;
    const { retained, undeleted } = await this.#observeVolumes(osid, removal.volumes, signal);
    removal.recordRetainedVolumes(retained);
    return { ...objects, undeleted };
  }

  async #findVolumes({ osid }: Instance, removal: RemovalState, signal: AbortSignal): Promise<void> {
    const { client, volumes } = this.options;
    const claims = await client.list({ ...claimKind, namespace: osid }, { signal });
    const names = new Set([...claims.flatMap((claim) => volumeOf(claim) ?? []), ...volumes.namesFor(osid)]);
    const existing = await existingVolumes(client, osid, names, signal);
    const retained = existing.filter(isRetained).map(({ metadata }) => metadata.name);
    removal.recordFoundVolumes(names, retained);
  }

  /** Deletes the objects of each step that may start, and returns those that still exist. */
  async #deleteObjects(
    instance: Instance,
    steps: readonly DeletionStep<InventoryEntry>[],
    late: boolean,
    signal: AbortSignal,
  ): Promise<UndeletedObjects> {
    const undeleted: KubeObject[] = [];
    const refused: Dependent[] = [];
    const gone = new Set<string>();
    const onRefused = (refusal: Dependent) => refused.push(refusal);
    for (const { name, refs, propagation } of steps) {
      const deletion = { propagation, onRefused, signal };
      const found = await Promise.all(refs.map((ref) => this.#deleteObject(instance, ref, deletion)));
      undeleted.push(...found.flatMap((live) => (live === undefined ? [] : [live])));
      for (const [index, ref] of refs.entries()) if (found[index] === undefined) gone.add(refKey(ref));
      if (!startsNextStep(name, undeleted.length, late)) break;
    }
    return { undeleted, refused, gone };
  }

  /**
   * Volumes that Kubernetes has not deleted yet. It deletes a volume, and with it the data, after its claim. Volumes that
   * another claim is bound to are not awaited, nor are those that it retains.
   */
  async #observeVolumes(
    osid: string,
    names: RemovalState['volumes'],
    signal: AbortSignal,
  ): Promise<{ retained: string[]; undeleted: KubeObject[] }> {
    const { client } = this.options;
    const existing = await existingVolumes(client, osid, names, signal);
    const deletable = existing.filter((volume) => !isRetained(volume));
    const claimed = await Promise.all(deletable.map((volume) => isClaimed(client, volume, signal)));
    return {
      retained: existing.filter(isRetained).map(({ metadata }) => metadata.name),
      undeleted: deletable.filter((_, index) => !claimed[index]),
    };
  }

  /** The object if it still exists. A foreign object of the same name is not deleted and does not count. */
  async #deleteObject(
    instance: Instance,
    entry: InventoryEntry,
    { propagation, onRefused, signal }: Deletion,
  ): Promise<KubeObject | undefined> {
    const { client } = this.options;
    const live = await client.find(entry, { signal });
    if (live === undefined || !isOurs(live, instance.osid, entry.uid)) return undefined;
    if (live.metadata.deletionTimestamp) return live;
    try {
      const { uid } = live.metadata;
      return (await client.delete(entry, { uid, propagation, signal })) === 'deleted' ? undefined : live;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      onRefused(refusedDeletion(entry, thrown.message));
      return live;
    }
  }
}

/** If at most the namespace is undeleted, the other objects in it are deleted with it. */
function undeletedKeys(inventory: readonly InventoryEntry[], { undeleted, gone }: UndeletedObjects): Set<string> {
  const isNamespaceAlone = undeleted.every(({ kind }) => kind === namespaceKind.kind);
  const objects = isNamespaceAlone ? undeleted.map(refOf) : inventory;
  return new Set(objects.map(refKey).filter((key) => !gone.has(key)));
}

/** Ownership by uid. Without a matching uid, the labels decide, which only we set. */
const isOurs = (live: KubeObject, osid: string, uid: string | undefined): boolean =>
  live.metadata.uid === uid ||
  (osidOf(live) === osid && live.metadata.labels?.[ownerLabels.managedBy] === fieldManager);
