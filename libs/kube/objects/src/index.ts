export {
  bundleLimitBytes,
  type PackedBundle,
  packObjects,
  unpackObjects,
  unpackVerifiedObjects,
} from './bundle-codec.js';
export { canonicalJson } from './canonical-json.js';
export { entriesToPrune, type InventoryEntry, mergeInventory, recordUid, withoutDeleted } from './inventory.js';
export {
  type FieldsV1,
  groupOf,
  isEmptyMap,
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
  type Propagation,
  refKey,
  refOf,
  textOf,
} from './kube-object.js';
export { fieldManager, labelsOf, managedSelector, nodeTagLabel, osidOf, ownerLabels, hasSameOwner } from './labels.js';
export { type ConflictingManager, conflictingManagersOf } from './ownership/conflicting-manager.js';
export { differingPaths } from './ownership/differing-paths.js';
export {
  compileExclusive,
  exclusiveExcept,
  exclusiveKeeping,
  type ExclusiveField,
  type ExclusiveFields,
  exclusivePath,
  foreignContent,
  foreignItems,
} from './ownership/exclusive-fields.js';
export { foreignAdditions } from './ownership/foreign-additions.js';
export {
  type FieldPattern,
  maxPatternLength,
  parseFieldPattern,
  withoutFields,
  withoutOwned,
} from './ownership/field-pattern.js';
export { type FieldChange, fieldChange, uniqueChanges } from './ownership/field-change.js';
export {
  type FieldPath,
  membersOf,
  pointersOf,
  printPath,
  touches,
  uniquePaths,
  valueAt,
} from './ownership/field-path.js';
export { type FieldWriter, type LeftFields, leftFieldsOf } from './ownership/field-writer.js';
export { type OverriddenField, overriddenFields } from './ownership/overridden-fields.js';
export {
  type AllowedWriters,
  type SharedOwnership,
  sharedOwnership,
  sharingSignature,
  writersOf,
} from './ownership/shared-ownership.js';
export {
  changedPaths,
  isCreated,
  isForeign,
  isOurApply,
  isOurUpdate,
  ownedFields,
  ownedHash,
} from './ownership/owned-fields.js';
export { parseQuantity } from './quantity.js';
export { replacesPods } from './replaces-pods.js';
export { decidesPods, restartsPods } from './restarts-pods.js';
