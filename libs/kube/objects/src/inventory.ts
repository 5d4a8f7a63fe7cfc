import { type ObjectRef, refKey } from './object-ref.js';

/** One object that is ours to delete. `uid` is unknown until Kubernetes has answered its first apply. */
export interface InventoryEntry extends ObjectRef {
  readonly uid?: string;
}

/** Everything wanted, then everything once applied that is not wanted any more: both are ours until proven gone. */
export function mergeInventory(known: readonly InventoryEntry[], wanted: readonly ObjectRef[]): InventoryEntry[] {
  const uids = new Map(known.map((entry) => [refKey(entry), entry.uid]));
  const keys = new Set(wanted.map(refKey));
  const fresh = wanted.map((ref) => withUid(ref, uids.get(refKey(ref))));
  return [...fresh, ...known.filter((entry) => !keys.has(refKey(entry)))];
}

/** What is on the inventory and not wanted: to be pruned. */
export function entriesToPrune(inventory: readonly InventoryEntry[], wanted: readonly ObjectRef[]): InventoryEntry[] {
  const keys = new Set(wanted.map(refKey));
  return inventory.filter((entry) => !keys.has(refKey(entry)));
}

/** Takes off what is proven gone. What refused to die is not passed here, and so is tried again next time. */
export function withoutDeleted(inventory: readonly InventoryEntry[], gone: readonly ObjectRef[]): InventoryEntry[] {
  const keys = new Set(gone.map(refKey));
  return inventory.filter((entry) => !keys.has(refKey(entry)));
}

/** Notes the uid that an object has now. */
export function recordUid(inventory: readonly InventoryEntry[], ref: ObjectRef, uid: string): InventoryEntry[] {
  const key = refKey(ref);
  return inventory.map((entry) => (refKey(entry) === key ? withUid(entry, uid) : entry));
}

function withUid({ apiVersion, kind, namespace, name }: ObjectRef, uid: string | undefined): InventoryEntry {
  return { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name, ...(uid ? { uid } : {}) };
}
