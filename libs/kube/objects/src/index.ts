export { applyWaves } from './apply-order.js';
export {
  bundleLimitBytes,
  canonicalJson,
  digestOf,
  type PackedBundle,
  packObjects,
  unpackObjects,
  unpackVerifiedObjects,
} from './bundle-codec.js';
export {
  type DeletionStep,
  deletionSteps,
  entriesToPrune,
  type InventoryEntry,
  mergeInventory,
  type Propagation,
  recordUid,
  withoutDeleted,
} from './inventory.js';
export { assessHealth } from './health/assess-health.js';
export { failedCreate, type Replicas, replicasOf } from './health/workloads.js';
export {
  conditionOf,
  conditionsOf,
  type Health,
  type HealthState,
  type ObjectCondition,
  worstFirst,
} from './health/health.js';
export { holdsData, immutablePolicy, type ImmutablePolicy } from './immutable-policy.js';
export {
  type FieldsV1,
  groupOf,
  isMap,
  type KubeObject,
  type ManagedFields,
  mapAt,
  mapsIn,
  numberOf,
  type ObjectMeta,
  type ObjectRef,
  type OwnerReference,
  parseObjects,
  printRef,
  refKey,
  refOf,
  textOf,
} from './kube-object.js';
export { fieldManager, labelsOf, managedSelector, osidOf, ownerLabels, sameOwner } from './labels.js';
export { type ConflictingManager, conflictingManagersOf } from './ownership/conflicting-manager.js';
export { type FieldPath, membersOf, printPath, touches, valueAt } from './ownership/field-path.js';
export { changedPaths, isCreated, isOurUpdate, ownedFields, ownedHash } from './ownership/owned-fields.js';
