import type { KubeObject } from '@runos/kube-objects';

/** A change of one object that the next reconcile must handle. */
export interface PendingChange {
  /**
   * - `apply`: the bundle changed;
   * - `changed`: the live object changed;
   * - `missing`: the object may be deleted and must be read;
   * - `overwritten`: an apply of ours has already reverted a foreign change.
   */
  readonly kind: 'apply' | 'changed' | 'missing' | 'overwritten';
  /** The live object of the event, with the conflicting manager still in its managedFields. */
  readonly live?: KubeObject;
  /** The last state that was watched before the object was deleted, or lost the label of our selector. */
  readonly left?: KubeObject;
  /**
   * Of `apply`: the object may have been deleted, or changed without an event. It is read before the apply, because that
   * would hide it.
   */
  readonly mustRead?: boolean;
  /** Earlier drifted states, the oldest first: an apply of ours may have overwritten them, which is reported then. */
  readonly overwrites?: readonly KubeObject[];
  /**
   * The API server has refused to create or to change our object, a foreign object has its name, or admission has changed
   * our fields. `notBefore` is the next attempt.
   */
  readonly blocked?: 'create' | 'change';
  /** The repair is delayed until then, ms of the monotonic clock. */
  readonly notBefore?: number;
}

/** So many states of an object are in memory at most. */
const maxOverwrites = 5;

/** The pending changes of one instance by the key of the object, each change once. */
export class PendingChanges {
  readonly #changes = new Map<string, PendingChange>();

  get all(): ReadonlyMap<string, PendingChange> {
    return this.#changes;
  }

  add(key: string, change: PendingChange): void {
    const earlier = this.#changes.get(key);
    this.#changes.set(key, earlier === undefined ? change : mergeChanges(earlier, change));
  }

  take(key: string): PendingChange | undefined {
    const change = this.#changes.get(key);
    this.#changes.delete(key);
    return change;
  }

  /** Keeps a change that could not be completed. What was observed meanwhile is newer. */
  retry(key: string, change: PendingChange): void {
    const later = this.#changes.get(key);
    this.#changes.set(key, later === undefined ? change : mergeChanges(change, later));
  }

  /** Drops the changes of objects that are no longer desired. */
  retain(isDesired: (key: string) => boolean): void {
    for (const key of this.#changes.keys()) if (!isDesired(key)) this.#changes.delete(key);
  }

  clear(): void {
    this.#changes.clear();
  }
}

/**
 * Combines two changes of one object. A newer observation replaces an older one; an apply covers all others. The older
 * drifted states are kept, because every repair is reported. The event of our apply may arrive before its response, so
 * only the repair knows which of them it has overwritten. A blocked apply is attempted at once when the object is deleted,
 * and for another bundle.
 */
export function mergeChanges(earlier: PendingChange, later: PendingChange): PendingChange {
  const states = [
    ...(earlier.overwrites ?? []),
    ...(earlier.live === undefined || later.kind === 'missing' ? [] : [earlier.live]),
    ...(later.overwrites ?? []),
    ...(earlier.kind === 'apply' && later.live !== undefined ? [later.live] : []),
  ].slice(-maxOverwrites);
  const mustRead = [earlier, later].some((change) => change.mustRead || change.kind === 'missing');
  const left = later.left ?? earlier.left;
  const withStates = (change: PendingChange): PendingChange => ({
    ...change,
    ...(left === undefined ? {} : { left }),
    ...(states.length === 0 ? {} : { overwrites: states }),
    ...(mustRead && change.kind === 'apply' ? { mustRead } : {}),
  });
  const isUnblocked = later.kind === 'missing' || (later.kind === 'apply' && later.blocked === undefined);
  if (earlier.blocked && isUnblocked) return withStates({ kind: 'apply' });
  if (earlier.kind === 'apply') return withStates(earlier);
  // The state of the earlier change stays its own.
  if (later.kind === 'overwritten')
    return { ...earlier, overwrites: [...(earlier.overwrites ?? []), ...(later.overwrites ?? [])] };
  return withStates(later);
}
