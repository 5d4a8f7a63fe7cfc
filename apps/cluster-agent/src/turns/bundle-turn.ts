import { type ConflictBackoff, retryAfterError, reconciled, type ReconcileResult, requeue } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { KubeError } from '@runos/kube-client';
import { applyWaves, type KubeObject, refKey, refOf } from '@runos/kube-objects';
import { counter } from '@runos/observability';
import type { Applier } from '../apply/applier.js';
import type { Repair, Repairer } from '../drift/repairer.js';
import type { Instance } from '../instances/instance.js';
import { historyOf, type ObjectState } from '../instances/object-state.js';
import { settle } from '../instances/settle.js';
import type { Todo } from '../instances/todo.js';
import type { Pruner } from './pruner.js';

export interface BundleTurnParts {
  readonly applier: Applier;
  readonly repairer: Repairer;
  readonly pruner: Pruner;
  readonly fights: ConflictBackoff;
  readonly clock: Clock;
  /** Something worth telling may have changed. */
  changed(instance: Instance): void;
}

const failed = counter('runos_apply_errors_total');

/** What is being pruned and held by a finalizer is looked at again after this long. */
const pruneAgainMs = 5_000;

/** One turn for one instance: what is due is applied or repaired, namespace first, then what no longer belongs goes. */
export class BundleTurn {
  constructor(private readonly parts: BundleTurnParts) {}

  async run(instance: Instance, signal: AbortSignal): Promise<ReconcileResult> {
    const { changed, pruner } = this.parts;
    const rendered = instance.rendered();
    if (instance.adopted !== instance.record.revision) {
      instance.adopt(rendered);
      changed(instance);
    }
    const failures: unknown[] = [];
    for (const wave of [[namespaceKey(instance)], ...wavesOf(rendered)]) {
      if (signal.aborted || outdated(instance) || instance.namespaceEnding) break;
      const due = this.#due(instance, wave);
      await Promise.all(due.map((key) => this.#one(instance, key, rendered, failures, signal)));
      if (due.length > 0) changed(instance);
      if (instance.todo.has(namespaceKey(instance))) break; // without it nothing can be made inside
    }
    if (instance.todo.size === 0 && !outdated(instance)) await pruner.prune(instance, rendered, signal);
    this.#endQuietFights(instance);
    changed(instance);
    return this.#verdict(instance, failures);
  }

  #due(instance: Instance, keys: readonly string[]): string[] {
    const now = this.parts.clock.now().getTime();
    return keys.filter((key) => (instance.todo.get(key)?.notBefore ?? 0) <= now && instance.todo.has(key));
  }

  async #one(
    instance: Instance,
    key: string,
    rendered: ReadonlyMap<string, KubeObject>,
    failures: unknown[],
    signal: AbortSignal,
  ): Promise<void> {
    const [state, todo, wanted] = [instance.objects.get(key), instance.todo.get(key), rendered.get(key)];
    if (state === undefined || todo === undefined || wanted === undefined) return;
    instance.todo.delete(key);
    try {
      const { applier, repairer } = this.parts;
      const outcome: Repair =
        todo.why === 'apply'
          ? await applier.apply(wanted, { ...historyOf(state), signal })
          : await repairer.repair({ instance, key, state, wanted, todo, signal });
      const failure = note(instance, key, state, todo, outcome);
      if (failure !== undefined) failures.push(failure);
    } catch (thrown) {
      const reason = thrown instanceof KubeError ? thrown.reason : 'Internal';
      failed.add(1, { reason });
      state.problem = { reason, message: (thrown as Error).message, blocked: false };
      again(instance, key, todo);
      failures.push(thrown);
    }
  }

  #endQuietFights(instance: Instance): void {
    for (const key of instance.contests.keys()) {
      if (this.parts.fights.quietInMs(key) === 0) instance.contests.delete(key);
    }
  }

  #verdict(instance: Instance, failures: readonly unknown[]): ReconcileResult {
    if (outdated(instance)) return reconciled(0);
    if (failures.length > 0) return retryAfterError(failures[0]);
    const now = this.parts.clock.now().getTime();
    const namespace = instance.todo.get(namespaceKey(instance));
    const open = instance.namespaceEnding ? [] : namespace ? [namespace] : [...instance.todo.values()];
    const soonest = Math.min(
      ...open.map(({ notBefore = now }) => Math.max(0, notBefore - now)),
      ...[...instance.contests.keys()].map((key) => this.parts.fights.quietInMs(key)),
      instance.record.inventory.length > instance.objects.size ? pruneAgainMs : Infinity,
    );
    return Number.isFinite(soonest) ? requeue('Due', soonest) : reconciled();
  }
}

/** Takes what came of one object. The text of a failure that is worth another try, if it is one. */
function note(instance: Instance, key: string, state: ObjectState, todo: Todo, outcome: Repair): string | undefined {
  switch (outcome.kind) {
    case 'live': {
      const changed = settle(state, outcome.object);
      if (changed) instance.plan(key, { why: 'changed', seen: changed });
      instance.notesDue = true;
      return undefined;
    }
    case 'ending':
      state.recreating ||= todo.why === 'apply';
      if (instance.todo.has(key)) return undefined; // what was seen of it meanwhile is newer: it may be gone by now
      state.ending = true;
      if (key === namespaceKey(instance)) instance.namespaceEnding = true;
      return undefined;
    case 'homeless':
      again(instance, key, todo);
      instance.plan(namespaceKey(instance), { why: 'missing' });
      return undefined;
    case 'held':
      again(instance, key, { ...todo, notBefore: outcome.notBefore });
      return undefined;
    case 'refused':
      failed.add(1, { reason: outcome.problem.reason });
      state.problem = outcome.problem;
      if (outcome.problem.blocked) return undefined;
      again(instance, key, todo);
      return outcome.problem.message;
    case 'nothing':
      delete state.problem;
      return undefined;
  }
}

const namespaceKey = ({ osid }: Instance): string => `/Namespace//${osid}`;

/** A newer bundle has come in: the next turn goes on with that. */
const outdated = (instance: Instance): boolean => instance.record.revision !== instance.adopted;

const wavesOf = (rendered: ReadonlyMap<string, KubeObject>): string[][] =>
  applyWaves([...rendered.values()]).map((wave) => wave.map((object) => refKey(refOf(object))));

/** What could not be done stays to be done, unless something newer was seen meanwhile. */
function again(instance: Instance, key: string, todo: Todo): void {
  if (todo.why === 'apply' || !instance.todo.has(key)) instance.todo.set(key, todo);
}
