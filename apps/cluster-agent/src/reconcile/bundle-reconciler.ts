import type { Backoff, ConflictBackoff, ReconcileResult } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { KubeError } from '@runos/kube-client';
import { applyWaves, type KindCatalog } from '@runos/kube-kinds';
import { type KubeObject, refKey, refOf } from '@runos/kube-objects';
import { counter } from '@runos/observability';
import { recordAdditions } from '../drift/record-additions.js';
import { overriddenProblem } from '../apply/overridden-problem.js';
import type { DriftRepairer } from '../drift/drift-repairer.js';
import type { OwnershipReclaimer } from '../drift/ownership-reclaimer.js';
import type { RepairOutcome } from '../drift/repair-request.js';
import type { Instance } from '../instances/instance.js';
import type { DesiredObjects } from '../instances/desired-objects.js';
import type { ObjectState } from '../instances/object-state.js';
import { redactionOf } from '../instances/redaction-of.js';
import type { PendingChange } from '../instances/pending-changes.js';
import { isSecret } from '../secrets/secret-access.js';
import type { GrowthCheck } from './growth-check.js';
import { mayPrune, planRequeue, planWave } from './plan.js';
import type { Pruner } from './pruner.js';

export interface BundleReconcilerOptions {
  readonly repairer: DriftRepairer;
  readonly pruner: Pruner;
  readonly reclaimer: OwnershipReclaimer;
  readonly growth: GrowthCheck;
  readonly conflicts: ConflictBackoff;
  readonly clock: Clock;
  /** Delay before a blocked object is applied, or a refused deletion requested, again. */
  readonly blockedBackoff: Backoff;
  /** The status may have changed. */
  report(instance: Instance): void;
  /** Called before a Secret of the instance is read or written. */
  openSecrets(instance: Instance): Promise<void>;
}

/** One object with the change that was taken for it. */
interface Attempt {
  readonly instance: Instance;
  readonly key: string;
  readonly state: ObjectState;
  readonly desired: KubeObject;
  readonly change: PendingChange;
}

type RefusedOutcome = Extract<RepairOutcome, { readonly kind: 'refused' }>;

/** A pruned object with a finalizer is checked again after this long. */
const pruneRetryMs = 5_000;

const applyErrors = counter('runos_apply_errors_total');

/** Reconciles one instance with its bundle. */
export class BundleReconciler {
  constructor(private readonly options: BundleReconcilerOptions) {}

  /** Observe, plan and act per wave, the namespace first; then prune, report, and decide when to reconcile again. */
  async reconcile(instance: Instance, signal: AbortSignal): Promise<ReconcileResult> {
    const { pruner, reclaimer, report } = this.options;
    const desired = this.#observe(instance);
    const failures: unknown[] = [];
    for (const wave of keysByWave(instance.kinds, desired)) {
      const keys = signal.aborted ? undefined : planWave(instance, wave, this.#now());
      if (keys === undefined) break;
      failures.push(...(await this.#act(instance, keys, desired, signal)));
      if (keys.length > 0) report(instance);
    }
    if (mayPrune(instance)) failures.push(...(await pruner.prune(instance, desired, signal)));
    failures.push(...(await reclaimer.reclaimReady(instance, desired, signal)));
    if (!signal.aborted) await this.options.growth.run(instance, signal);
    instance.driftLog.endConflicts((key) => this.options.conflicts.resetInMs(key) === 0);
    report(instance);
    return this.#requeue(instance, failures);
  }

  /** Event handlers have recorded live state already. A new bundle is compared with it here. */
  #observe(instance: Instance): DesiredObjects {
    const desired = instance.desiredObjects();
    if (instance.isOutdated) {
      instance.observeBundle(desired);
      this.options.report(instance);
    }
    return desired;
  }

  /** Applies or repairs the objects of one wave concurrently. Returns failures that a retry may cure. */
  async #act(
    instance: Instance,
    keys: readonly string[],
    desired: DesiredObjects,
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const failures = await Promise.all(keys.map((key) => this.#reconcileObject(instance, key, desired, signal)));
    return failures.filter((failure) => failure !== undefined);
  }

  async #reconcileObject(
    instance: Instance,
    key: string,
    desiredObjects: DesiredObjects,
    signal: AbortSignal,
  ): Promise<unknown> {
    const [state, desired] = [instance.objects.get(key), desiredObjects.get(key)];
    const change = instance.takePending(key);
    if (state === undefined || change === undefined || desired === undefined) return undefined;
    const { repairer } = this.options;
    try {
      if (isSecret(state.ref)) await this.options.openSecrets(instance);
      const outcome = await repairer.repairObject({ instance, key, state, desired, change, signal });
      return this.#recordOutcome({ instance, key, state, desired, change }, outcome);
    } catch (thrown) {
      const reason = thrown instanceof KubeError ? thrown.reason : 'Internal';
      applyErrors.add(1, { reason });
      state.recordProblem({ reason, message: redactionOf(instance)((thrown as Error).message), blocked: false });
      instance.retryPending(key, { ...change, blocked: undefined });
      return thrown;
    }
  }

  /** Records the outcome for one object. Returns the message of a failure that a retry may cure. */
  #recordOutcome(attempt: Attempt, outcome: RepairOutcome): string | undefined {
    const { instance, key, state, change } = attempt;
    switch (outcome.kind) {
      case 'applied':
        if (outcome.recreated) state.writes.recordDeletion(state.applied?.uid);
        this.#recordApplied(attempt, outcome.object);
        return undefined;
      case 'stale':
        state.writes.recordStale();
        instance.retryPending(key, { ...change, blocked: undefined, notBefore: undefined, mustRead: true });
        return undefined;
      case 'terminating':
        if (outcome.byUs) state.recordRecreating();
        if (instance.pending.has(key)) return undefined; // a newer event may have reported the end of the deletion
        state.recordTerminating();
        if (key === instance.namespaceKey) instance.recordNamespaceTerminating(true);
        return undefined;
      case 'namespaceMissing':
        instance.retryPending(key, change);
        instance.addPending(instance.namespaceKey, { kind: 'missing' });
        return undefined;
      case 'delayed':
        instance.retryPending(key, { ...change, notBefore: outcome.notBefore });
        return undefined;
      case 'refused': {
        // A webhook may quote the Secret that it refuses.
        const problem = { ...outcome.problem, message: redactionOf(instance)(outcome.problem.message) };
        applyErrors.add(1, { reason: problem.reason });
        state.recordProblem(problem);
        if (!problem.blocked) {
          instance.retryPending(key, change);
          return problem.message;
        }
        // A change that was observed meanwhile is handled at once.
        if (!instance.pending.has(key))
          instance.addPending(key, this.#blockedChange(state, unwritten(change, outcome)));
        return undefined;
      }
      case 'inSync':
        if (!state.problem?.overridden) state.recordInSync();
        else if (!instance.pending.has(key)) instance.addPending(key, this.#blockedChange(state));
        return undefined;
    }
  }

  /** What admission has changed is applied again slowly, because no event reports the end of its policy. */
  #recordApplied({ instance, key, state, desired }: Attempt, live: KubeObject): void {
    const problem = overriddenProblem(desired, live);
    const changedSince = problem === undefined ? state.recordApplied(live) : state.recordOverridden(live, problem);
    if (changedSince) instance.addPending(key, { kind: 'changed', live: changedSince });
    else if (problem !== undefined && !instance.pending.has(key)) instance.addPending(key, this.#blockedChange(state));
    recordAdditions(instance, state, live, this.options.clock.now());
    instance.markCheckpointStale();
  }

  /** It keeps what is not reported yet. */
  #blockedChange(
    { applied, refusals }: ObjectState,
    { overwrites, mustRead, left }: Partial<PendingChange> = {},
  ): PendingChange {
    const notBefore = this.#now() + this.options.blockedBackoff(refusals);
    const blocked = applied === undefined ? 'create' : 'change';
    const unreported = { ...(overwrites && { overwrites }), ...(mustRead && { mustRead }), ...(left && { left }) };
    return { kind: 'apply', blocked, notBefore, ...unreported };
  }

  #requeue(instance: Instance, failures: readonly unknown[]): ReconcileResult {
    const { conflicts } = this.options;
    const conflictEndsInMs = Math.min(
      Infinity,
      ...[...instance.driftLog.conflicts.keys()].map((key) => conflicts.resetInMs(key)),
    );
    return planRequeue(
      instance,
      {
        failures,
        pruneAgainInMs: this.#pruneAgainInMs(instance),
        growthAgainInMs: this.#growthAgainInMs(instance),
        conflictEndsInMs,
        reclaimInMs: this.options.reclaimer.nextInMs(instance),
      },
      this.#now(),
    );
  }

  #growthAgainInMs({ claimSizes }: Instance): number {
    return claimSizes.unrequested.length === 0 ? Infinity : this.options.blockedBackoff(claimSizes.checks);
  }

  #pruneAgainInMs({ record, objects, pruneLog }: Instance): number {
    if (record.inventory.length <= objects.size) return Infinity;
    return pruneLog.refusals === 0 ? pruneRetryMs : this.options.blockedBackoff(pruneLog.refusals);
  }

  #now(): number {
    return this.options.clock.monotonicMs();
  }
}

/** Nothing was written, so the drift of the change is not reported yet. */
function unwritten(change: PendingChange, { problem }: RefusedOutcome): PendingChange {
  const { live, overwrites = [] } = change;
  return problem.keepsData && live !== undefined ? { ...change, overwrites: [...overwrites, live] } : change;
}

const keysByWave = (kinds: KindCatalog, desired: DesiredObjects): string[][] =>
  applyWaves(kinds, [...desired.values()]).map((wave) => wave.map((object) => refKey(refOf(object))));
