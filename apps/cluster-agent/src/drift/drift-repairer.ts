import { conflictResetMs, type ConflictBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { isRefusal, type KubeClient, type KubeError } from '@runos/kube-client';
import {
  changedPaths,
  type ConflictingManager,
  conflictingManagersOf,
  foreignItems,
  type KubeObject,
  ownedFields,
  ownedHash,
  printPath,
  printRef,
  sameOwner,
} from '@runos/kube-objects';
import type { ApplyOutcome, ObjectApplier } from '../apply/object-applier.js';
import type { Instance } from '../instances/instance.js';
import type { ObjectState } from '../instances/object-state.js';
import type { PendingChange } from '../instances/instance-facts.js';
import { conflictKey, contentHash, deletion, driftBetween, driftOf, fieldsOf } from './drift-report.js';
import { removeForeignItems } from './remove-foreign-items.js';

export interface RepairRequest {
  readonly instance: Instance;
  readonly key: string;
  readonly state: ObjectState;
  readonly desired: KubeObject;
  readonly change: PendingChange;
  readonly signal: AbortSignal;
}

export type RepairOutcome =
  | ApplyOutcome
  /** The live object has no drift, or the policy only reports it. */
  | { readonly kind: 'inSync' }
  /** The repair is delayed by the conflict back-off. */
  | { readonly kind: 'delayed'; readonly notBefore: number };

const inSync: RepairOutcome = { kind: 'inSync' };

/** Decides whether a changed or missing object has drifted, and repairs or reports the drift. */
export class DriftRepairer {
  constructor(
    private readonly client: KubeClient,
    private readonly applier: ObjectApplier,
    private readonly conflicts: ConflictBackoff,
    private readonly clock: Clock,
  ) {}

  async repairObject(request: RepairRequest): Promise<RepairOutcome> {
    const { state, change, signal } = request;
    if (change.kind === 'apply') return this.#applyBundleObject(request);
    if (change.kind === 'overwritten') return this.#reportOverwritten(request);
    // An object that lost the label of our selector is reported as deleted, but still exists.
    const live = change.kind === 'missing' ? await this.client.find(state.ref, { signal }) : change.live;
    if (live === undefined) return this.#repairMissing(request);
    if (change.kind === 'missing') state.recordObserved(live);
    if (live.metadata.deletionTimestamp) return { kind: 'terminating' };
    const { uid } = live.metadata;
    if (state.applied && uid !== undefined && uid !== state.applied.uid) {
      if (request.instance.record.driftPolicy !== 'report')
        return this.#recordRecreated(request, await this.#applyDesired(request));
      state.recordReplaced(uid);
    }
    if (state.hasDrifted(live)) return this.#repairChanged(request, live);
    state.clearReportedDrift();
    return inSync;
  }

  /** An apply overwrites foreign values, so that there is no drift. Foreign items remain, and are the next change. */
  async #applyBundleObject(request: RepairRequest): Promise<RepairOutcome> {
    const outcome = await this.#applyDesired(request);
    if (outcome.kind !== 'refused') return outcome;
    return (await this.#isFreed(request)) ? this.#applyDesired(request) : outcome;
  }

  /**
   * The API server refuses our apply. What others have added to exclusive fields may be the reason, because the result of
   * an apply contains it. Returns true if there were such items and they are removed now.
   */
  async #isFreed(request: RepairRequest): Promise<boolean> {
    const { instance, state, desired, signal } = request;
    if (instance.record.driftPolicy === 'report') return false;
    const live = await this.client.find(state.ref, { signal });
    if (live === undefined || live.metadata.deletionTimestamp || !sameOwner(live, desired)) return false;
    if (foreignItems(live, state.kind.exclusive).length === 0) return false;
    return (await this.#removeForeignItems(request, live, live)).kind === 'applied';
  }

  /** Our apply has reverted a change that it did not know: only the report is missing. */
  async #reportOverwritten(request: RepairRequest): Promise<RepairOutcome> {
    const { state, change, signal } = request;
    const live = await this.client.find(state.ref, { signal });
    if (live && change.live && live.metadata.uid === change.live.metadata.uid) {
      this.#recordRepaired(request, driftBetween(change.live, live, state.kind.exclusive));
    }
    return inSync;
  }

  async #repairMissing(request: RepairRequest): Promise<RepairOutcome> {
    const { instance, state } = request;
    if (state.recreating || state.applied === undefined) return this.#applyDesired(request);
    if (instance.record.driftPolicy === 'report') return this.#report(request, [deletion], undefined);
    return this.#delay(request, [deletion]) ?? this.#recordRecreated(request, await this.#applyDesired(request));
  }

  async #repairChanged(request: RepairRequest, live: KubeObject): Promise<RepairOutcome> {
    const { instance, state } = request;
    const isOverwritten = ownedHash(live) !== state.applied?.ownedHash;
    if (instance.record.driftPolicy === 'report' || this.#wasRepairedLately(state)) {
      const managers = await this.#findConflicting(request, live, isOverwritten);
      if (instance.record.driftPolicy === 'report') return this.#report(request, managers, contentHash(live));
      const delayed = managers.length > 0 ? this.#delay(request, managers) : undefined;
      if (delayed) return delayed;
    }
    if (!isOverwritten) return this.#removeForeignItems(request, live, live);
    const outcome = await this.#applyDesired(request);
    if (outcome.kind === 'applied') return this.#removeForeignItems(request, live, outcome.object);
    if (outcome.kind !== 'refused') return outcome;
    if (await this.#isFreed(request)) {
      const freed = await this.client.find(state.ref, { signal: request.signal });
      return freed === undefined ? this.#repairMissing(request) : this.#repairChanged(request, freed);
    }
    this.#recordFailed(request, live);
    return outcome;
  }

  /** The managers of the drift, by a dry run. If the API server refuses that, only the foreign items are known. */
  async #findConflicting(
    { state, desired, signal }: RepairRequest,
    live: KubeObject,
    isOverwritten: boolean,
  ): Promise<ConflictingManager[]> {
    const { exclusive } = state.kind;
    const applied = isOverwritten ? await this.applier.dryRunApply(desired, { signal }) : live;
    if (applied !== undefined) return driftBetween(live, applied, exclusive, []);
    const items = foreignItems(live, exclusive);
    return items.length === 0 ? [deletion] : conflictingManagersOf(live, items);
  }

  /**
   * Completes a repair: `applied` still contains what others have added to exclusive fields. The repair is recorded as
   * done only if the response to the last write shows it.
   */
  async #removeForeignItems(request: RepairRequest, live: KubeObject, applied: KubeObject): Promise<RepairOutcome> {
    const { state, desired, signal } = request;
    const { exclusive } = state.kind;
    try {
      const removal = await removeForeignItems(this.client, applied, desired, exclusive, { signal });
      if (removal === undefined) return this.#repairMissing(request);
      const { before, after } = removal;
      if (after.metadata.deletionTimestamp) return { kind: 'terminating' };
      if (foreignItems(after, exclusive).length > 0) {
        return this.#recordRemaining(request, live, after, 'The response still contains them.');
      }
      // Without an apply, a newer state than that of the event may have been compared.
      const changed = applied === live ? before : live;
      const addedSince = driftBetween(before, after, exclusive, foreignItems(changed, exclusive));
      this.#recordRepaired(request, [...driftBetween(changed, after, exclusive), ...addedSince]);
      // Our fields were changed meanwhile: such a state must not become the one that later events are compared with.
      if (ownedHash(after) !== ownedHash(applied)) return this.#repairChanged(request, after);
      return { kind: 'applied', object: after, recreated: false };
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      const recreated = await this.#recreateImmutable(request, live, thrown);
      return recreated ?? this.#recordRemaining(request, live, applied, thrown.message);
    }
  }

  /** Others have made the object immutable, so its foreign items can only be removed with the object. */
  async #recreateImmutable(
    request: RepairRequest,
    live: KubeObject,
    cause: KubeError,
  ): Promise<RepairOutcome | undefined> {
    const { state, desired, signal } = request;
    const { immutablePolicy, exclusive, holdsData } = state.kind;
    if (holdsData) return undefined; // an addition of others is no reason to lose data
    const outcome = await this.applier.recreateImmutable(desired, cause, { immutablePolicy, signal });
    if (outcome?.kind === 'applied') this.#recordRepaired(request, driftBetween(live, outcome.object, exclusive));
    return outcome;
  }

  /**
   * Foreign items of `applied` stay: reported once, and removed again with the back-off of errors. What our apply has
   * repaired is reported as repaired.
   */
  #recordRemaining(request: RepairRequest, live: KubeObject, applied: KubeObject, why: string): RepairOutcome {
    const { instance, state } = request;
    const { exclusive } = state.kind;
    const items = foreignItems(applied, exclusive);
    const fields = items.map(printPath).join(', ').slice(0, 1_024);
    const message = `Cannot remove ${fields} from ${printRef(state.ref)}: ${why}`;
    this.#recordRepaired(request, driftBetween(live, applied, exclusive));
    if (state.problem?.message !== message) {
      for (const manager of conflictingManagersOf(applied, items)) {
        instance.recordDrift(driftOf(state.ref, manager, 'failed', this.clock.now()));
      }
    }
    return { kind: 'refused', problem: { reason: 'ForeignFields', message, blocked: false } };
  }

  /** The API server refuses the repair, so the fields that differ from the bundle are those that we still own. */
  #recordFailed({ instance, state, desired }: RepairRequest, live: KubeObject): void {
    const paths = changedPaths(ownedFields(live) ?? {}, live, desired);
    const [first = deletion, ...others] = conflictingManagersOf(live, paths);
    for (const manager of [first, ...others]) {
      instance.recordDrift(driftOf(state.ref, manager, 'failed', this.clock.now()));
    }
  }

  #applyDesired({ desired, state, signal }: RepairRequest): Promise<ApplyOutcome> {
    return this.applier.applyObject(desired, { ...state.history, immutablePolicy: state.kind.immutablePolicy, signal });
  }

  /** The object was deleted, or another object had its name. */
  #recordRecreated(request: RepairRequest, outcome: ApplyOutcome): RepairOutcome {
    if (outcome.kind !== 'applied') return outcome;
    const { instance, state } = request;
    this.#recordRepaired(request, [deletion], 'recreated');
    if (state.kind.holdsData) {
      instance.recordDataLoss(`${printRef(state.ref)} was deleted and recreated: its data is lost.`);
    }
    if (state.ref.kind === 'Namespace') instance.recordNamespaceLost();
    return outcome;
  }

  #recordRepaired(
    { instance, state }: RepairRequest,
    managers: readonly ConflictingManager[],
    action?: 'recreated',
  ): void {
    const now = this.clock.now();
    for (const manager of managers) {
      const key = conflictKey(state.ref, manager);
      const { contested } = this.conflicts.recordChange(key);
      this.conflicts.recordRepair(key);
      if (contested) recordConflict(instance, state, key, manager);
      instance.recordDrift(driftOf(state.ref, manager, action ?? (contested ? 'contested' : 'repaired'), now));
      state.recordRepaired(this.clock.monotonicMs());
    }
  }

  /** The shortest delay of the managers counts, because one apply repairs all fields of the object. */
  #delay({ instance, state }: RepairRequest, managers: readonly ConflictingManager[]): RepairOutcome | undefined {
    let shortestMs = Infinity;
    for (const manager of managers) {
      const key = conflictKey(state.ref, manager);
      const { delayMs, contested } = this.conflicts.recordChange(key);
      if (contested) recordConflict(instance, state, key, manager);
      shortestMs = Math.min(shortestMs, delayMs);
    }
    return shortestMs > 0 ? { kind: 'delayed', notBefore: this.clock.monotonicMs() + shortestMs } : undefined;
  }

  #report(
    { instance, state }: RepairRequest,
    managers: readonly ConflictingManager[],
    hash: string | undefined,
  ): RepairOutcome {
    const isNew = state.recordReportedDrift(managers.length > 0 ? managers.flatMap(fieldsOf) : undefined, hash);
    if (!isNew) return inSync;
    for (const manager of managers) {
      instance.recordDrift(driftOf(state.ref, manager, 'reported', this.clock.now()));
    }
    return inSync;
  }

  /** Only then can the change belong to a conflict, which is worth a dry run before the repair. */
  #wasRepairedLately({ repairedAt }: ObjectState): boolean {
    return repairedAt !== undefined && this.clock.monotonicMs() - repairedAt < 2 * conflictResetMs;
  }
}

function recordConflict(instance: Instance, { ref }: ObjectState, key: string, conflicting: ConflictingManager): void {
  instance.driftLog.recordConflict(key, { ref, manager: conflicting.manager, fields: fieldsOf(conflicting) });
}
