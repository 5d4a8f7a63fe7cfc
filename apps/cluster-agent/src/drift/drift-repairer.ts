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
  hasSameOwner,
} from '@runos/kube-objects';
import type { ApplyOutcome, ObjectApplier } from '../apply/object-applier.js';
import { initialObject } from '../instances/desired-objects.js';
import { DataGuard } from './data-guard.js';
import { DriftRecorder } from './drift-recorder.js';
import { contentHash, deletion, driftBetween, foreignDrift, lostSelection } from './drift-report.js';
import { isReplaced, isReverted, planChanged, planMissing, planRepair, type RepairPlan } from './plan-repair.js';
import { removeForeignItems } from './remove-foreign-items.js';
import { type RepairOutcome, type RepairRequest, statesToReport } from './repair-request.js';
import { shrinkStorage } from './shrink-storage.js';

type Repair = Extract<RepairPlan, { readonly kind: 'repair' }>;

const inSync: RepairOutcome = { kind: 'inSync' };

/** Repairs or reports the drift of an object: observe, plan, act. `DriftRecorder` records what was done for the report. */
export class DriftRepairer {
  readonly #recorder: DriftRecorder;
  readonly #guard: DataGuard;

  constructor(
    private readonly client: KubeClient,
    private readonly applier: ObjectApplier,
    conflicts: ConflictBackoff,
    private readonly clock: Clock,
    areClaimsListed: () => boolean,
  ) {
    this.#guard = new DataGuard(client, applier, areClaimsListed);
    this.#recorder = new DriftRecorder(conflicts, clock);
  }

  async repairObject(request: RepairRequest): Promise<RepairOutcome> {
    request.state.writes.begin();
    const replaced = await this.#findReplaced(request);
    const live = await this.#observe(request);
    const known = replaced?.isOther ? undefined : request.state.resourceVersion;
    const plan = planRepair({ ...this.#factsOf(request), live });
    const outcome = await this.#execute(request, plan, known);
    if (plan.kind === 'repair' && outcome.kind === 'applied') {
      request.state.writes.recordRepair(plan.live, contentHash(plan.live), outcome.object);
    }
    const overwrites = statesToReport(request, replaced?.drifted);
    if (overwrites.length > 0) await this.#recordOverwritten(request, outcome, overwrites);
    if (replaced?.isOther && outcome.kind === 'applied') this.#recorder.recordRecreated(request);
    const isDone = outcome.kind === 'applied' || outcome.kind === 'inSync';
    if (isDone && !replaced?.isOther) {
      this.#recordReturned(
        request,
        live ?? request.change.live ?? (outcome.kind === 'applied' ? outcome.object : undefined),
      );
    }
    return outcome;
  }

  /**
   * An earlier write of ours has made the object again, or returned it to our selection, before the event about that
   * arrived. `live`: any state of the object since then.
   */
  #recordReturned(request: RepairRequest, live: KubeObject | undefined): void {
    const { change, state } = request;
    const { left } = change;
    if (live === undefined || left === undefined || !state.writes.haveReplacedUnseen(left)) return;
    if (left.metadata.uid === live.metadata.uid) this.#recorder.recordRepaired(request, [lostSelection]);
    else if (!isReplaced(live, state) && !state.writes.hasDeleted(left)) this.#recorder.recordRecreated(request);
  }

  /**
   * The live object before a changed bundle or policy overwrites it. It is read if its drift was only reported, or if it
   * may have changed without an event. `isOther`: it is not the object that we applied, or there is none.
   */
  async #findReplaced(
    request: RepairRequest,
  ): Promise<{ drifted: KubeObject | undefined; isOther: boolean } | undefined> {
    const { state, change, signal } = request;
    const mustRead = change.mustRead || state.reported.fields !== undefined;
    if (change.kind !== 'apply' || !mustRead || state.applied === undefined || state.isRecreating) return undefined;
    const live = await this.client.find(state.ref, { signal });
    if (live === undefined || isReplaced(live, state)) return { drifted: undefined, isOther: true };
    state.recordObserved(live);
    return { drifted: state.hasDrifted(live) ? live : undefined, isOther: false };
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

  /** `known`: the version that an apply of a bundle replaces; undefined: any. */
  async #execute(request: RepairRequest, plan: RepairPlan, known?: string): Promise<RepairOutcome> {
    const problem = await this.#guard.refusalOf(request, plan);
    if (problem !== undefined) return { kind: 'refused', problem };
    switch (plan.kind) {
      case 'apply':
        return this.#applyBundleObject(request, known);
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
        return { kind: 'terminating', byUs: false };
      case 'none':
        request.state.reported.clear();
        return inSync;
    }
  }

  /**
   * An apply overwrites foreign values, which is reported after it. So it replaces only the version that is known: events
   * may be late, or lost between two lists of a watch. Foreign items remain, and are the next change.
   */
  async #applyBundleObject(request: RepairRequest, known: string | undefined): Promise<RepairOutcome> {
    const outcome = await this.#applyDesired(request, known);
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
    if (live === undefined || live.metadata.deletionTimestamp || !hasSameOwner(live, desired)) return false;
    if (foreignItems(live, state.exclusive).length === 0) return false;
    return (await this.#removeForeignItems(request, live, live)).kind === 'applied';
  }

  /** Our applies have reverted foreign changes: only the report is missing. */
  async #recordOverwritten(
    request: RepairRequest,
    outcome: RepairOutcome,
    overwrites: readonly KubeObject[],
  ): Promise<void> {
    const { instance, key, state, desired, signal } = request;
    if (outcome.kind !== 'applied' && outcome.kind !== 'inSync') return; // the change is kept
    const live = outcome.kind === 'applied' ? outcome.object : await this.client.find(state.ref, { signal });
    for (const before of overwrites) {
      if (live === undefined || live.metadata.uid !== before.metadata.uid) continue;
      const { writes, applied } = state;
      const content = writes.areUnknown ? applied?.desiredHash : writes.contentBefore(before);
      const earlier = instance.earlier.find(key, content, desired);
      const drift = driftBetween(before, live, state.exclusive);
      this.#recorder.recordRepaired(request, earlier === desired ? drift : foreignDrift(drift, before, earlier));
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
    if (outcome.kind === 'applied') {
      request.state.writes.recordPart(contentHash(outcome.object));
      return this.#removeForeignItems(request, live, outcome.object);
    }
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
    const { exclusive } = state;
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
    const { exclusive } = state;
    try {
      const removal = await removeForeignItems(this.client, applied, desired, exclusive, { signal });
      if (removal === undefined) return this.#repairMissing(request);
      const { before, after } = removal;
      if (after.metadata.deletionTimestamp) return { kind: 'terminating', byUs: false };
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
    const { immutablePolicy, holdsData, left } = state.kind;
    if (holdsData) return undefined; // an addition of others is no reason to lose data
    const options = { immutablePolicy, left, initial: initialOf(request), signal };
    const outcome = await this.applier.recreateImmutable(desired, cause, options);
    if (outcome?.kind === 'applied') {
      this.#recorder.recordRepaired(request, driftBetween(live, outcome.object, state.exclusive));
    }
    return outcome;
  }

  #applyDesired(request: RepairRequest, known?: string): Promise<ApplyOutcome> {
    const { desired, state, signal } = request;
    const { immutablePolicy, left } = state.kind;
    const resourceVersion = state.writes.begin(known);
    const options = { ...state.history, immutablePolicy, left, initial: initialOf(request), resourceVersion, signal };
    return this.applier.applyObject(desired, options);
  }
}

/** The object with the first values of the fields that are left to others. Undefined if none are. */
const initialOf = ({ instance, key, state }: RepairRequest): KubeObject | undefined =>
  state.kind.left === undefined ? undefined : initialObject(instance.record, key);
