import type { ConflictBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import {
  type ConflictingManager,
  conflictingManagersOf,
  differingPaths,
  foreignItems,
  type KubeObject,
  printPath,
  printRef,
} from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import type { Problem } from '../instances/instance-facts.js';
import type { ObjectState } from '../instances/object-state.js';
import { conflictKey, contentHash, deletion, driftBetween, driftHash, driftOf, fieldsOf } from './drift-report.js';
import { recordAdditions } from './record-additions.js';

/** The object whose drift is recorded, and its instance. */
interface Drifted {
  readonly instance: Instance;
  readonly state: ObjectState;
}

/** The repair that failed. */
interface Failed extends Drifted {
  readonly desired: KubeObject;
}

/** Records drift and its repairs for the next status, and the conflicts that repeated drift is. */
export class DriftRecorder {
  constructor(
    private readonly conflicts: ConflictBackoff,
    private readonly clock: Clock,
  ) {}

  recordRepaired({ instance, state }: Drifted, managers: readonly ConflictingManager[], action?: 'recreated'): void {
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

  /** The object was deleted, or another object had its name, and it is created again. */
  recordRecreated(drifted: Drifted): void {
    const { instance, state } = drifted;
    this.recordRepaired(drifted, [deletion], 'recreated');
    if (state.kind.holdsData) {
      instance.recordDataLoss(`${printRef(state.ref)} was deleted and recreated: its data is lost.`);
    }
    if (state.ref.kind === 'Namespace') instance.recordNamespaceLost();
  }

  /** The API server refuses the repair of this state, in the words of `cause`: reported once. */
  recordFailed({ instance, state, desired }: Failed, live: KubeObject, cause: string): void {
    if (!state.refused.recordFailedRepair(contentHash(live))) return;
    const [first = deletion, ...others] = conflictingManagersOf(live, differingPaths(desired, live));
    for (const manager of [first, ...others]) {
      instance.recordDrift(driftOf(state.ref, manager, 'failed', this.clock.now(), cause));
    }
  }

  /**
   * Foreign items of `applied` stay: reported once, and removed again with the back-off of errors. What our apply has
   * repaired is reported as repaired.
   */
  recordForeignItems(drifted: Drifted, live: KubeObject, applied: KubeObject, why: string): Problem {
    const { instance, state } = drifted;
    const { exclusive } = state;
    const items = foreignItems(applied, exclusive);
    const fields = items.map(printPath).join(', ').slice(0, 1_024);
    const message = `Cannot remove ${fields} from ${printRef(state.ref)}: ${why}`;
    this.recordRepaired(drifted, driftBetween(live, applied, exclusive));
    if (state.problem?.message !== message) {
      for (const manager of conflictingManagersOf(applied, items)) {
        instance.recordDrift(driftOf(state.ref, manager, 'failed', this.clock.now()));
      }
    }
    return { reason: 'ForeignFields', message, blocked: false };
  }

  /** Drift that the policy only reports: once, until it changes. `live` is undefined if the object does not exist. */
  recordReported(
    { instance, state }: Drifted,
    managers: readonly ConflictingManager[],
    live: KubeObject | undefined,
  ): void {
    const now = this.clock.now();
    if (live)
      recordAdditions(
        instance,
        state,
        live,
        now,
        managers.flatMap(({ paths }) => paths),
      );
    const drift = { fields: managers.flatMap(fieldsOf), driftHash: driftHash(managers, live) };
    const isNew = state.reported.record(managers.length > 0 ? drift : undefined, live && contentHash(live));
    if (!isNew) return;
    for (const manager of managers) {
      instance.recordDrift(driftOf(state.ref, manager, 'reported', now));
    }
  }

  /**
   * Records a change before its repair. Returns the time of the monotonic clock until which the conflict back-off delays
   * the repair, ms; undefined for no delay. The shortest delay of the managers counts, because one apply repairs all
   * fields of the object.
   */
  recordChange({ instance, state }: Drifted, managers: readonly ConflictingManager[]): number | undefined {
    let shortestMs = Infinity;
    for (const manager of managers) {
      const key = conflictKey(state.ref, manager);
      const { delayMs, contested } = this.conflicts.recordChange(key);
      if (contested) recordConflict(instance, state, key, manager);
      shortestMs = Math.min(shortestMs, delayMs);
    }
    return shortestMs > 0 ? this.clock.monotonicMs() + shortestMs : undefined;
  }
}

function recordConflict(instance: Instance, { ref }: ObjectState, key: string, conflicting: ConflictingManager): void {
  instance.driftLog.recordConflict(key, { ref, manager: conflicting.manager, fields: fieldsOf(conflicting) });
}
