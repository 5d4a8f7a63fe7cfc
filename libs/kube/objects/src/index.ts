export { applyWaves } from './apply-order.js';
export {
  bundleLimitBytes,
  type PackedBundle,
  packObjects,
  unpackVerifiedObjects,
  unpackObjects,
} from './bundle-codec.js';
export { canonicalJson, digestOf } from './canonical-json.js';
export { type DeletionStep, deletionSteps, type Propagation } from './deletion-order.js';
export { assessHealth } from './health/assess-health.js';
export { failedCreate } from './health/workloads.js';
export { type Replicas, replicasOf } from './health/replicas.js';
export { type Health, type HealthState, worstFirst } from './health/health.js';
export { conditionOf, conditionsOf, type ObjectCondition } from './health/object-conditions.js';
export { holdsData, immutablePolicy, type ImmutablePolicy } from './immutable-policy.js';
export { type InventoryEntry, mergeInventory, recordUid, entriesToPrune, withoutDeleted } from './inventory.js';
export {
  type FieldsV1,
  isMap,
  type KubeObject,
  type ManagedFields,
  mapAt,
  mapsIn,
  numberOf,
  type ObjectMeta,
  type OwnerReference,
  parseObjects,
  textOf,
} from './kube-object.js';
export { fieldManager, labelsOf, managedSelector, osidOf, ownerLabels, sameOwner } from './labels.js';
export { groupOf, type ObjectRef, printRef, refKey, refOf } from './object-ref.js';
export { type ConflictingManager, conflictingManagersOf } from './ownership/conflicting-manager.js';
export { type FieldPath, membersOf, printPath, touches } from './ownership/field-path.js';
export { valueAt } from './ownership/field-value.js';
export { changedPaths, isCreated, isOurUpdate, ownedFields, ownedHash } from './ownership/owned-fields.js';
