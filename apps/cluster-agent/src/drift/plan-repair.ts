import { conflictResetMs } from '@runos/engine';
import { type KubeObject, ownedHash } from '@runos/kube-objects';
import type { BundleRecord } from '../bundles/bundle-record.js';
import type { PendingChange } from '../instances/pending-changes.js';
import type { ObjectState } from '../instances/object-state.js';

/** What a plan depends on: the live object, what our last apply left, and the policy. */
export interface ObservedObject {
  readonly change: PendingChange;
  /** Undefined: it was deleted. */
  readonly live: KubeObject | undefined;
  readonly state: Pick<ObjectState, 'applied' | 'isRecreating' | 'repairedAt' | 'writes' | 'hasDrifted'>;
  readonly driftPolicy: BundleRecord['driftPolicy'];
  /** Time of the monotonic clock, ms. */
  readonly now: number;
}

export type RepairPlan =
  /** Apply a new bundle. What it overwrites is reported after it (`statesToReport`). */
  | { readonly kind: 'apply' }
  /** Create it for the first time, or after our own deletion. */
  | { readonly kind: 'create' }
  /** Create it again: it was deleted, which the back-off may delay, or another object has its name. */
  | { readonly kind: 'recreate'; readonly cause: 'deleted' | 'replaced' }
  /** Apply our fields if they were overwritten, and remove foreign items. */
  | {
      readonly kind: 'repair';
      readonly live: KubeObject;
      readonly isOverwritten: boolean;
      /** It was repaired lately. Only then can the change belong to a conflict, which is worth a dry run before the repair. */
      readonly mayConflict: boolean;
    }
  | { readonly kind: 'report-deleted' }
  | { readonly kind: 'report-changed'; readonly live: KubeObject; readonly isOverwritten: boolean }
  /** An apply of ours has reverted the change already: only the report is missing. */
  | { readonly kind: 'reverted' }
  /** It is being deleted: the watch reports the end of that. */
  | { readonly kind: 'wait' }
  /** It has no drift. */
  | { readonly kind: 'none' };

/** What follows from the change of one object and its live state. */
export function planRepair(observed: ObservedObject): RepairPlan {
  const { change, live, state, driftPolicy } = observed;
  if (change.kind === 'apply') return { kind: 'apply' };
  if (isReverted(change, state)) return { kind: 'reverted' };
  if (live === undefined) return planMissing(observed);
  if (live.metadata.deletionTimestamp) return { kind: 'wait' };
  if (driftPolicy !== 'report' && isReplaced(live, state)) return { kind: 'recreate', cause: 'replaced' };
  return state.hasDrifted(live) ? planChanged(observed, live) : { kind: 'none' };
}

/** What follows if the object does not exist. */
export function planMissing({ state, driftPolicy }: Pick<ObservedObject, 'state' | 'driftPolicy'>): RepairPlan {
  if (state.isRecreating || state.applied === undefined) return { kind: 'create' };
  return driftPolicy === 'report' ? { kind: 'report-deleted' } : { kind: 'recreate', cause: 'deleted' };
}

/** What follows if `live` has drifted. */
export function planChanged(
  { state, driftPolicy, now }: Pick<ObservedObject, 'state' | 'driftPolicy' | 'now'>,
  live: KubeObject,
): RepairPlan {
  const isOverwritten = ownedHash(live) !== state.applied?.ownedHash;
  if (driftPolicy === 'report') return { kind: 'report-changed', live, isOverwritten };
  const { repairedAt } = state;
  const mayConflict = repairedAt !== undefined && now - repairedAt < 2 * conflictResetMs;
  return { kind: 'repair', live, isOverwritten, mayConflict };
}

/** Another object than the one that we applied has the name. */
export const isReplaced = ({ metadata: { uid } }: KubeObject, { applied }: Pick<ObjectState, 'applied'>): boolean =>
  applied !== undefined && uid !== undefined && uid !== applied.uid;

/** A later write of ours has reverted the change. */
export const isReverted = (change: PendingChange, { writes }: Pick<ObjectState, 'writes'>): boolean =>
  change.kind === 'overwritten' || (change.live !== undefined && writes.areAfter(change.live));
