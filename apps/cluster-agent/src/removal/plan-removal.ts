import { type DeletionStep, deletionSteps, type KindCatalog } from '@runos/kube-kinds';
import { type InventoryEntry, type KubeObject, refKey, refOf } from '@runos/kube-objects';

/** The steps that delete the inventory, and the claims that workloads created beside it. */
export function planSteps(
  kinds: KindCatalog,
  inventory: readonly InventoryEntry[],
  claims: readonly KubeObject[],
): DeletionStep<InventoryEntry>[] {
  const known = new Set(inventory.map(refKey));
  const created = claims.map(refOf).filter((ref) => !known.has(refKey(ref)));
  return deletionSteps(kinds, [...inventory, ...created]);
}

/**
 * Whether the steps after `step` start. They wait until the objects before them are gone, so that operators can clean
 * up. A late removal starts all steps, because only a terminating namespace reports its blockers.
 */
export const startsNextStep = (step: DeletionStep<InventoryEntry>['name'], undeleted: number, isLate: boolean) =>
  undeleted === 0 || isLate || step === 'namespaces';

export interface RemovalTimes {
  readonly elapsedMs: number;
  /** A removal that takes longer reports its blockers. */
  readonly deletionBlockedAfterMs: number;
  /** How often the removal is reconciled without an event. */
  readonly requeueMs: number;
}

export const isLate = ({ elapsedMs, deletionBlockedAfterMs }: RemovalTimes): boolean =>
  elapsedMs >= deletionBlockedAfterMs;

/** The delay until the next reconcile, ms: not beyond the moment at which the removal is late. */
export const requeueAfterMs = (times: RemovalTimes): number =>
  isLate(times) ? times.requeueMs : Math.min(times.requeueMs, times.deletionBlockedAfterMs - times.elapsedMs);
