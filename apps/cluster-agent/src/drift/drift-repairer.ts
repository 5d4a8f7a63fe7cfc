import type { ConflictBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { isRefusal, type KubeClient, type KubeError } from '@runos/kube-client';
import {
  type ConflictingManager,
  conflictingManagersOf,
  differingPaths,
  foreignItems,
  type KubeObject,
  ownedHash,
  sameOwner,
} from '@runos/kube-objects';
import type { ApplyOutcome, ObjectApplier } from '../apply/object-applier.js';
import { DriftRecorder } from './drift-recorder.js';
import { deletion, driftBetween } from './drift-report.js';
import { isReplaced, isReverted, planChanged, planMissing, planRepair, type RepairPlan } from './plan-repair.js';
import { removeForeignItems } from './remove-foreign-items.js';
import { type RepairOutcome, type RepairRequest, statesToReport } from './repair-request.js';
import { shrinkStorage } from './shrink-storage.js';

type Repair = Extract<RepairPlan, { readonly kind: 'repair' }>;

const inSync: RepairOutcome = { kind: 'inSync' };

/** Repairs or reports the drift of an object: observe, plan, act. `DriftRecorder` records what was done for the report. */
export class DriftRepairer {
  readonly #recorder: DriftRecorder;

  constructor(
    private readonly client: KubeClient,
    private readonly applier: ObjectApplier,
    conflicts: ConflictBackoff,
    private readonly clock: Clock,
  ) {
    this.#recorder = new DriftRecorder(conflicts, clock);
  }

  async repairObject(request: RepairRequest): Promise<RepairOutcome> {
    const { isSameContent } = request.state;
    const reported = await this.#findReported(request);
    const live = await this.#observe(request);
    const outcome = await this.#execute(request, planRepair({ ...this.#factsOf(request), live }));
    const overwrites = statesToReport(request, reported?.live);
    if (overwrites.length > 0) await this.#recordOverwritten(request, outcome, { overwrites, isSameContent });
    const wasDeleted = reported !== undefined && reported.live === undefined; // which was only reported before
    if (wasDeleted && outcome.kind === 'applied') this.#recorder.recordRecreated(request);
    return outcome;
  }

  /** The live object whose drift was only reported, before a changed bundle or policy overwrites it. */
  async #findReported({ state, change, signal }: RepairRequest): Promise<{ live: KubeObject | undefined } | undefined> {
    if (change.kind !== 'apply' || state.reportedDrift === undefined) return undefined;
    return { live: await this.client.find(state.ref, { signal }) };
  }

  /** The live object, as the change carries it or as it is read now. Undefined if it does not exist, or is not needed. */
  async #observe({ state, change, instance, signal }: RepairRequest): Promise<KubeObject | undefined> {
    if (change.kind === 'apply' || isReverted(change, state)) return undefined;
    // An object that lost the label of our selector is reported as deleted, but still exists.
    const live = change.kind === 'missing' ? await this.client.find(state.ref, { signal }) : change.live;
    if (live === undefined) return undefined;
    if (change.kind === 'missing') state.recordObserved(live);
    const { uid, deletionTimestamp } = live.metadata;
    const isLeft = instance.record.driftPolicy === 'report' && !deletionTimestamp && isReplaced(live, state);
    if (isLeft && uid !== undefined) state.recordReplaced(uid);
    return live;
  }

  #factsOf({ change, state, instance }: RepairRequest) {
    return { change, state, driftPolicy: instance.record.driftPolicy, now: this.clock.monotonicMs() };
  }

  async #execute(request: RepairRequest, plan: RepairPlan): Promise<RepairOutcome> {
    switch (plan.kind) {
      case 'apply':
        return this.#applyBundleObject(request);
      case 'create':
        return this.#applyDesired(request);
      case 'recreate':
        return this.#recreate(request, plan.cause);
      case 'repair':
        return this.#repair(request, plan);
      case 'report-deleted':
        this.#recorder.recordReported(request, [deletion], undefined);
        return inSync;
      case 'report-changed': {
        const managers = await this.#findConflicting(request, plan.live, plan.isOverwritten);
        this.#recorder.recordReported(request, managers, plan.live);
        return inSync;
      }
      case 'reverted':
        return inSync;
      case 'wait':
        return { kind: 'terminating' };
      case 'none':
        request.state.clearReportedDrift();
        return inSync;
    }
  }

  /** An apply overwrites foreign values, which is reported after it. Foreign items remain, and are the next change. */
  async #applyBundleObject(request: RepairRequest): Promise<RepairOutcome> {
    const outcome = await this.#applyDesired(request);
    if (outcome.kind !== 'refused') return outcome;
    const mayHelp = (await shrinkStorage(this.client, this.applier, request)) || (await this.#isFreed(request));
    return mayHelp ? this.#applyDesired(request) : outcome;
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

  /**
   * Our apply has reverted foreign changes that it did not know: only the report is missing. A field without a manager may
   * be one that the bundle has changed.
   */
  async #recordOverwritten(
    request: RepairRequest,
    outcome: RepairOutcome,
    { overwrites, isSameContent }: { readonly overwrites: readonly KubeObject[]; readonly isSameContent: boolean },
  ): Promise<void> {
    const { state, signal } = request;
    if (outcome.kind !== 'applied' && outcome.kind !== 'inSync') return; // the change is kept
    const live = outcome.kind === 'applied' ? outcome.object : await this.client.find(state.ref, { signal });
    for (const before of overwrites) {
      if (live === undefined || live.metadata.uid !== before.metadata.uid) continue;
      const all = driftBetween(before, live, state.kind.exclusive);
      const named = all.filter(({ manager }) => manager !== null);
      this.#recorder.recordRepaired(request, named.length > 0 || !isSameContent ? named : all);
    }
  }

  async #recreate(request: RepairRequest, cause: 'deleted' | 'replaced'): Promise<RepairOutcome> {
    const notBefore = cause === 'deleted' ? this.#recorder.recordChange(request, [deletion]) : undefined;
    if (notBefore !== undefined) return { kind: 'delayed', notBefore };
    const outcome = await this.#applyDesired(request);
    if (outcome.kind === 'applied') this.#recorder.recordRecreated(request);
    return outcome;
  }

  async #repair(request: RepairRequest, { live, isOverwritten, mayConflict }: Repair): Promise<RepairOutcome> {
    const managers = mayConflict ? await this.#findConflicting(request, live, isOverwritten) : [];
    const notBefore = managers.length > 0 ? this.#recorder.recordChange(request, managers) : undefined;
    if (notBefore !== undefined) return { kind: 'delayed', notBefore };
    if (!isOverwritten) return this.#removeForeignItems(request, live, live);
    const outcome = await this.#applyDesired(request);
    if (outcome.kind === 'applied') return this.#removeForeignItems(request, live, outcome.object);
    if (outcome.kind !== 'refused') return outcome;
    if (await this.#isFreed(request)) {
      const freed = await this.client.find(request.state.ref, { signal: request.signal });
      return freed === undefined ? this.#repairMissing(request) : this.#repairChanged(request, freed);
    }
    this.#recorder.recordFailed(request, live, outcome.problem.message);
    return outcome;
  }

  /** The object was deleted during the repair. */
  #repairMissing(request: RepairRequest): Promise<RepairOutcome> {
    return this.#execute(request, planMissing(this.#factsOf(request)));
  }

  /** The object was changed during the repair. */
  #repairChanged(request: RepairRequest, live: KubeObject): Promise<RepairOutcome> {
    return this.#execute(request, planChanged(this.#factsOf(request), live));
  }

  /** The managers of the drift, by a dry run. If the API server refuses that, by a comparison with the bundle. */
  async #findConflicting(
    { state, desired, signal }: RepairRequest,
    live: KubeObject,
    isOverwritten: boolean,
  ): Promise<ConflictingManager[]> {
    const { exclusive } = state.kind;
    const applied = isOverwritten ? await this.applier.dryRunApply(desired, { signal }) : live;
    if (applied !== undefined) return driftBetween(live, applied, exclusive, []);
    const paths = [...foreignItems(live, exclusive), ...differingPaths(desired, live)];
    return paths.length === 0 ? [deletion] : conflictingManagersOf(live, paths);
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
        return this.#refuseForeignItems(request, live, after, 'The response still contains them.');
      }
      // Without an apply, a newer state than that of the event may have been compared.
      const changed = applied === live ? before : live;
      const addedSince = driftBetween(before, after, exclusive, foreignItems(changed, exclusive));
      this.#recorder.recordRepaired(request, [...driftBetween(changed, after, exclusive), ...addedSince]);
      // Our fields were changed meanwhile: such a state must not become the one that later events are compared with.
      if (ownedHash(after) !== ownedHash(applied)) return this.#repairChanged(request, after);
      return { kind: 'applied', object: after, recreated: false };
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      const recreated = await this.#recreateImmutable(request, live, thrown);
      return recreated ?? this.#refuseForeignItems(request, live, applied, thrown.message);
    }
  }

  #refuseForeignItems(request: RepairRequest, live: KubeObject, applied: KubeObject, why: string): RepairOutcome {
    return { kind: 'refused', problem: this.#recorder.recordForeignItems(request, live, applied, why) };
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
    if (outcome?.kind === 'applied') {
      this.#recorder.recordRepaired(request, driftBetween(live, outcome.object, exclusive));
    }
    return outcome;
  }

  #applyDesired({ desired, state, signal }: RepairRequest): Promise<ApplyOutcome> {
    return this.applier.applyObject(desired, { ...state.history, immutablePolicy: state.kind.immutablePolicy, signal });
  }
}
