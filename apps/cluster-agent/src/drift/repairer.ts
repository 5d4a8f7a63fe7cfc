import { conflictResetMs, type ConflictBackoff } from '@runos/engine';
import type { KubeClient } from '@runos/kube-client';
import { type Clock } from '@runos/kernel';
import {
  changedPaths,
  type ConflictingManager,
  conflictingManagersOf,
  holdsData,
  type KubeObject,
  ownedFields,
  ownedHash,
  printRef,
} from '@runos/kube-objects';
import type { Applier } from '../apply/applier.js';
import type { Outcome } from '../apply/outcome.js';
import type { Instance } from '../instances/instance.js';
import { historyOf, type ObjectState } from '../instances/object-state.js';
import { observe } from '../instances/settle.js';
import type { Todo } from '../instances/todo.js';
import { contentHash } from './content-hash.js';
import { deletion, driftOf, fieldsOf, fightKey } from './drift-report.js';

export interface RepairTask {
  readonly instance: Instance;
  readonly key: string;
  readonly state: ObjectState;
  readonly wanted: KubeObject;
  readonly todo: Todo;
  readonly signal: AbortSignal;
}

/** Undone until then: the repair is held back because somebody fights it. */
export type Repair = { readonly kind: 'nothing' } | { readonly kind: 'held'; readonly notBefore: number } | Outcome;

const nothing: Repair = { kind: 'nothing' };

/** Finds out whether an event was drift, and undoes or reports it. */
export class Repairer {
  constructor(
    private readonly client: KubeClient,
    private readonly applier: Applier,
    private readonly fights: ConflictBackoff,
    private readonly clock: Clock,
  ) {}

  async repair(task: RepairTask): Promise<Repair> {
    const { state, todo, signal } = task;
    if (todo.why === 'overtaken') return this.#overtaken(task);
    // An object whose watched label was removed is told as deleted, and is still there.
    const seen = todo.why === 'missing' ? await this.client.find(state.ref, { signal }) : todo.seen;
    if (seen === undefined) return this.#missing(task);
    if (todo.why === 'missing') observe(state, seen);
    if (seen.metadata.deletionTimestamp) return { kind: 'ending' };
    const { uid } = seen.metadata;
    if (state.baseline && uid !== undefined && uid !== state.baseline.uid) {
      if (task.instance.record.driftPolicy !== 'report') return this.#recreated(task, await this.#apply(task));
      state.baseline = { ...state.baseline, uid };
    }
    if (ownedHash(seen) !== state.baseline?.hash) return this.#changed(task, seen);
    delete state.deviation;
    return nothing;
  }

  /** An apply of ours has undone a change that it did not know of: only the telling is left. */
  async #overtaken(task: RepairTask): Promise<Repair> {
    const { state, todo, signal } = task;
    const now = await this.client.find(state.ref, { signal });
    if (now && todo.seen && now.metadata.uid === todo.seen.metadata.uid)
      this.#undone(task, this.#culprits(todo.seen, now));
    return nothing;
  }

  async #missing(task: RepairTask): Promise<Repair> {
    const { instance, state } = task;
    if (state.recreating || state.baseline === undefined) return this.#apply(task);
    if (instance.record.driftPolicy === 'report') return this.#report(task, [deletion], undefined);
    const held = this.#held(task, [deletion]);
    if (held) return held;
    return this.#recreated(task, await this.#apply(task));
  }

  async #changed(task: RepairTask, seen: KubeObject): Promise<Repair> {
    const { instance, state, wanted, signal } = task;
    if (instance.record.driftPolicy === 'report' || this.#foughtLately(state)) {
      const would = await this.applier.dryRun(wanted, { signal });
      const culprits = would === undefined ? [deletion] : this.#culprits(seen, would);
      if (instance.record.driftPolicy === 'report') return this.#report(task, culprits, contentHash(seen));
      const held = culprits.length > 0 ? this.#held(task, culprits) : undefined;
      if (held) return held;
    }
    const outcome = await this.#apply(task);
    if (outcome.kind === 'live') this.#undone(task, this.#culprits(seen, outcome.object));
    if (outcome.kind === 'refused') instance.addDrift(driftOf(state.ref, deletion, 'failed', this.clock.now()));
    return outcome;
  }

  #culprits(seen: KubeObject, after: KubeObject): ConflictingManager[] {
    const fields = ownedFields(after);
    return fields === undefined ? [] : conflictingManagersOf(seen, changedPaths(fields, seen, after));
  }

  #apply({ wanted, state, signal }: RepairTask): Promise<Outcome> {
    return this.applier.apply(wanted, { ...historyOf(state), signal });
  }

  /** It was gone, or another object had taken its name. */
  #recreated(task: RepairTask, outcome: Outcome): Repair {
    if (outcome.kind !== 'live') return outcome;
    const { instance, state, key } = task;
    this.#undone(task, [deletion], 'recreated');
    if (holdsData(state.ref)) instance.dataLost = `${printRef(state.ref)} was deleted and made anew: its data is lost.`;
    if (state.ref.kind === 'Namespace') instance.planAll(key);
    return outcome;
  }

  #undone({ instance, state }: RepairTask, culprits: readonly ConflictingManager[], action?: 'recreated'): void {
    const now = this.clock.now();
    for (const culprit of culprits) {
      const key = fightKey(state.ref, culprit);
      const { contested } = this.fights.round(key);
      this.fights.answered(key);
      if (contested) this.#contest(instance, state, key, culprit);
      instance.addDrift(driftOf(state.ref, culprit, action ?? (contested ? 'contested' : 'repaired'), now));
      state.repairedAt = now.getTime();
    }
  }

  /** The soonest of the culprits decides: repairing one field repairs the object. */
  #held({ instance, state }: RepairTask, culprits: readonly ConflictingManager[]): Repair | undefined {
    let soonest = Infinity;
    for (const culprit of culprits) {
      const key = fightKey(state.ref, culprit);
      const { delayMs, contested } = this.fights.round(key);
      if (contested) this.#contest(instance, state, key, culprit);
      soonest = Math.min(soonest, delayMs);
    }
    return soonest > 0 ? { kind: 'held', notBefore: this.clock.now().getTime() + soonest } : undefined;
  }

  #contest(instance: Instance, { ref }: ObjectState, key: string, culprit: ConflictingManager): void {
    instance.contests.set(key, { ref, manager: culprit.manager, fields: fieldsOf(culprit) });
  }

  #report({ instance, state }: RepairTask, culprits: readonly ConflictingManager[], hash: string | undefined): Repair {
    const fields = culprits.flatMap(fieldsOf);
    const news = JSON.stringify(state.deviation) !== JSON.stringify(fields);
    state.reportedHash = hash;
    state.deviation = culprits.length > 0 ? fields : undefined;
    if (culprits.length === 0 || !news) return nothing;
    for (const culprit of culprits) instance.addDrift(driftOf(state.ref, culprit, 'reported', this.clock.now()));
    return nothing;
  }

  /** Only then is it worth asking before repairing whether it is the same fight again. */
  #foughtLately({ repairedAt }: ObjectState): boolean {
    return repairedAt !== undefined && this.clock.now().getTime() - repairedAt < 2 * conflictResetMs;
  }
}
