import { type InventoryEntry, refKey } from '@runos/kube-objects';

/** An object that is no longer in the bundle could not be deleted. */
export interface RefusedPrune {
  readonly entry: InventoryEntry;
  /** For people, with the words of the API server. */
  readonly message: string;
}

/** The last attempt to delete each object that is no longer in the bundle. */
export class PruneLog {
  /** Undefined for an object that is being deleted: finalizers delay the end. */
  readonly #attempts = new Map<string, RefusedPrune | undefined>();
  #refusals = 0;

  /** Number of attempts in a row with a refusal. */
  get refusals(): number {
    return this.#refusals;
  }

  get refused(): RefusedPrune[] {
    return [...this.#attempts.values()].filter((attempt) => attempt !== undefined);
  }

  /** True once the API server has responded to the deletion of this object. */
  isAttempted(entry: InventoryEntry): boolean {
    return this.#attempts.has(refKey(entry));
  }

  /** Replaces the earlier attempts, because each one covers all objects. */
  recordAttempt(deleting: readonly InventoryEntry[], refused: readonly RefusedPrune[]): void {
    this.#attempts.clear();
    for (const entry of deleting) this.#attempts.set(refKey(entry), undefined);
    for (const refusal of refused) this.#attempts.set(refKey(refusal.entry), refusal);
    this.#refusals = refused.length > 0 ? this.#refusals + 1 : 0;
  }
}
