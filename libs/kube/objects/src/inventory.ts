import { type ObjectRef, refKey } from './kube-object.js';

/** One object that the agent must delete one day. `uid` is unknown before the response to its first apply. */
export interface InventoryEntry extends ObjectRef {
  readonly uid?: string;
}

/** The desired objects, then those applied earlier and not deleted yet: both stay until their deletion is proven. */
export function mergeInventory(inventory: readonly InventoryEntry[], desired: readonly ObjectRef[]): InventoryEntry[] {
  const uids = new Map(inventory.map((entry) => [refKey(entry), entry.uid]));
  const keys = new Set(desired.map(refKey));
  const current = desired.map((ref) => withUid(ref, uids.get(refKey(ref))));
  return [...current, ...inventory.filter((entry) => !keys.has(refKey(entry)))];
}

/** The entries that are not desired. */
export function entriesToPrune(inventory: readonly InventoryEntry[], desired: readonly ObjectRef[]): InventoryEntry[] {
  const keys = new Set(desired.map(refKey));
  return inventory.filter((entry) => !keys.has(refKey(entry)));
}

/** The inventory without entries whose deletion is proven. */
export function withoutDeleted(inventory: readonly InventoryEntry[], deleted: readonly ObjectRef[]): InventoryEntry[] {
  const keys = new Set(deleted.map(refKey));
  return inventory.filter((entry) => !keys.has(refKey(entry)));
}

/** The inventory with the uid of one object. */
export function recordUid(inventory: readonly InventoryEntry[], ref: ObjectRef, uid: string): InventoryEntry[] {
  const key = refKey(ref);
  return inventory.map((entry) => (refKey(entry) === key ? withUid(entry, uid) : entry));
}

function withUid({ apiVersion, kind, namespace, name }: ObjectRef, uid: string | undefined): InventoryEntry {
  return { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name, ...(uid ? { uid } : {}) };
}
