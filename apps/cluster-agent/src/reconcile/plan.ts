import { reconciled, type ReconcileResult, requeue, retryAfterError } from '@runos/engine';
import type { PendingChange } from '../instances/pending-changes.js';
import type { Instance } from '../instances/instance.js';

/** The observed state of an instance, as far as a plan depends on it. */
export interface ObservedInstance {
  readonly namespaceKey: string;
  readonly pending: ReadonlyMap<string, PendingChange>;
  /** A newer bundle is stored than the one that `pending` belongs to. */
  readonly isOutdated: boolean;
  readonly isNamespaceTerminating: boolean;
}

/** What follows after a reconcile depends on this too. */
export interface ReconcileProgress {
  readonly failures: readonly unknown[];
  /** Milliseconds until objects that are not in the bundle are deleted again. Infinity: there are none. */
  readonly pruneAgainInMs: number;
  /** Milliseconds until the next check whether claims may grow. Infinity: all request what is desired. */
  readonly growthAgainInMs: number;
  /** Milliseconds until the earliest conflict ends. */
  readonly conflictEndsInMs: number;
  /** Milliseconds until ownership is taken back next. Infinity: none is shared. */
  readonly reclaimInMs: number;
}

/**
 * The keys of a wave that must be changed now. Undefined ends the reconcile: it is outdated, or its namespace must be
 * created first.
 */
export function planWave(instance: ObservedInstance, wave: readonly string[], now: number): string[] | undefined {
  if (instance.isOutdated || instance.isNamespaceTerminating) return undefined;
  const { namespaceKey, pending } = instance;
  if (requiredNamespace(instance) && !wave.includes(namespaceKey)) return undefined;
  return wave.filter((key) => {
    const change = pending.get(key);
    return change !== undefined && (change.notBefore ?? 0) <= now;
  });
}

/** Objects are pruned only after everything desired is applied that the cluster accepts. */
export const mayPrune = ({ pending, isOutdated }: ObservedInstance): boolean =>
  [...pending.values()].every(({ blocked }) => blocked !== undefined) && !isOutdated;

/** When the instance must be reconciled again. */
export function planRequeue(instance: ObservedInstance, progress: ReconcileProgress, now: number): ReconcileResult {
  if (instance.isOutdated) return reconciled(0);
  if (progress.failures.length > 0) return retryAfterError(progress.failures[0]);
  const delays = blockingChanges(instance).map(({ notBefore = now }) => Math.max(0, notBefore - now));
  const { conflictEndsInMs, pruneAgainInMs, growthAgainInMs, reclaimInMs } = progress;
  const soonest = Math.min(...delays, conflictEndsInMs, pruneAgainInMs, growthAgainInMs, reclaimInMs);
  return Number.isFinite(soonest) ? requeue('PendingChanges', soonest) : reconciled();
}

/** The changes that a timer must wake up: while the namespace is missing, only its own. */
function blockingChanges(instance: ObservedInstance): PendingChange[] {
  if (instance.isNamespaceTerminating) return []; // the watch reports its end
  const namespace = requiredNamespace(instance);
  return namespace ? [namespace] : [...instance.pending.values()];
}

/** The change of the namespace that all others wait for. A refused change of an existing namespace stops nothing. */
function requiredNamespace({ namespaceKey, pending }: ObservedInstance): PendingChange | undefined {
  const change = pending.get(namespaceKey);
  return change?.blocked === 'change' ? undefined : change;
}

/** A loaded instance that must be reconciled without an event. */
export const isUnfinished = ({ record, pending, objects }: Pick<Instance, 'record' | 'pending' | 'objects'>): boolean =>
  record.removing || pending.size > 0 || record.inventory.length > objects.size;
