import { type Backoff, reconciled, type ReconcileResult, requeue, retryAfterError } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { isNotAdmitted, type KubeClient, KubeError } from '@runos/kube-client';
import { claimKind, type DeletionStep, namespaceKind } from '@runos/kube-kinds';
import {
  fieldManager,
  type InventoryEntry,
  type KubeObject,
  osidOf,
  ownerLabels,
  printRef,
  type Propagation,
  refKey,
  refOf,
} from '@runos/kube-objects';
import type { Dependent } from '../instances/instance-facts.js';
import type { Instance } from '../instances/instance.js';
import { notBlocked, RemovalState } from '../instances/removal-state.js';
import { RefusedDeletions } from '../instances/refused-deletions.js';
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
  /** Delay before a refused deletion is requested again. */
  readonly blockedBackoff: Backoff;
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
  readonly removal: RemovalState;
  readonly propagation: Propagation;
  onRefused(refusal: Dependent): void;
  readonly signal: AbortSignal;
}

/** Removes an instance in steps, each object by its uid, until the deletion of all objects and volumes is proven. */
export class InstanceRemover {
  constructor(private readonly options: InstanceRemoverOptions) {}

  async reconcile(instance: Instance, signal: AbortSignal): Promise<ReconcileResult> {
    const { volumes, requeueMs, report } = this.options;
    const removal = instance.removal ?? this.#start(instance);
    if (removal.isDone) return reconciled();
    const heldForMs = instance.removalHold.remainingMs(this.#now());
    if (heldForMs > 0) return requeue('Held', heldForMs);
    // After a restart, volumes may be all that remains of the instance.
    if (!volumes.hasSynced) {
      report(instance);
      return requeue('VolumesUnlisted', requeueMs);
    }
    try {
      return await this.#proceed(instance, removal, signal);
    } catch (thrown) {
      if (!(thrown instanceof KubeError) || signal.aborted) throw thrown;
      removal.recordBlocked({ blockers: [], reason: thrown.reason, message: thrown.message });
      report(instance);
      return retryAfterError(thrown);
    }
  }

  #start(instance: Instance): RemovalState {
    const refusals = new RefusedDeletions(this.options.blockedBackoff);
    return instance.startRemoval(new RemovalState(this.#now(), refusals));
  }

  async #proceed(instance: Instance, removal: RemovalState, signal: AbortSignal): Promise<ReconcileResult> {
    const { client, deletionBlockedAfterMs, requeueMs, report } = this.options;
    const elapsedMs = this.#now() - removal.startedAt;
    const times = { elapsedMs, deletionBlockedAfterMs, requeueMs };
    if (!removal.hasFoundVolumes) await this.#findVolumes(instance, removal, signal);
    const { undeleted, refused } = await this.#remove(instance, removal, isLate(times), signal);
    if (undeleted.length === 0) removal.recordDone();
    else {
      const late = isLate(times) ? await describeBlockers(client, instance.osid, undeleted, signal) : notBlocked;
      removal.recordBlocked(withRefusals(late, refused));
    }
    report(instance);
    if (removal.isDone) return reconciled();
    // While every undeleted object is refused, only its next request can change something.
    const waitsMs =
      undeleted.length === refused.length ? Math.max(0, removal.refusals.nextInMs(this.#now())) : requeueMs;
    return requeue('Removing', requeueAfterMs({ ...times, requeueMs: waitsMs }));
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
    const objects = await this.#deleteObjects(instance, removal, steps, late, signal);
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
    removal: RemovalState,
    steps: readonly DeletionStep<InventoryEntry>[],
    late: boolean,
    signal: AbortSignal,
  ): Promise<UndeletedObjects> {
    const undeleted: KubeObject[] = [];
    const refused: Dependent[] = [];
    const gone = new Set<string>();
    const onRefused = (refusal: Dependent) => refused.push(refusal);
    for (const { name, refs, propagation } of steps) {
      const deletion = { removal, propagation, onRefused, signal };
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
  async #deleteObject(instance: Instance, entry: InventoryEntry, deletion: Deletion): Promise<KubeObject | undefined> {
    const { removal, onRefused, signal } = deletion;
    const key = refKey(entry);
    let found: KubeObject | undefined = unread(entry);
    try {
      found = await this.options.client.find(entry, { signal });
      const live = found !== undefined && isOurs(found, instance.osid, entry.uid) ? found : undefined;
      const delayed = live && !live.metadata.deletionTimestamp && removal.refusals.delayed(key, this.#now());
      if (delayed) {
        onRefused(delayed);
        return live;
      }
      if (live && instance.removalHold.remainingMs(this.#now()) > 0) return live;
      const undeleted = live && (await this.#requestDeletion(live, entry, deletion));
      removal.refusals.clear(key);
      return undeleted;
    } catch (thrown) {
      if (!isNotAdmitted(thrown)) throw thrown;
      const refusal = refusedDeletion(entry, thrown.message);
      removal.refusals.record(key, refusal, this.#now());
      onRefused(refusal);
      return found;
    }
  }

  /** The object unless it is deleted at once. */
  async #requestDeletion(
    live: KubeObject,
    entry: InventoryEntry,
    { removal, propagation, signal }: Deletion,
  ): Promise<KubeObject | undefined> {
    const { uid, deletionTimestamp } = live.metadata;
    if (deletionTimestamp) return live;
    const send = () => this.options.client.delete(entry, { uid, propagation, signal });
    const result = await removal.requestDeletion(printRef(entry), send);
    return result === 'deleted' ? undefined : live;
  }

  #now(): number {
    return this.options.clock.monotonicMs();
  }
}

/** An object that the agent may not read. */
const unread = ({ uid, ...ref }: InventoryEntry): KubeObject => ({
  apiVersion: ref.apiVersion,
  kind: ref.kind,
  metadata: { name: ref.name, namespace: ref.namespace, uid },
});

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
