export { allowedWriters } from './allowed-writers.js';
export { applyWaves } from './apply-order.js';
export {
  claimKind,
  clusterRoleBindingKind,
  clusterRoleKind,
  configMapKind,
  cronJobKind,
  daemonSetKind,
  deploymentKind,
  jobKind,
  limitRangeKind,
  namespaceKind,
  networkPolicyKind,
  podDisruptionBudgetKind,
  podKind,
  resourceQuotaKind,
  roleBindingKind,
  roleKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
  statefulSetKind,
} from './built-in-kinds.js';
export { claimSizeOf, type ClaimSize, printStorage, toMebibytes } from './claim-size.js';
export type { CreationField } from './creation-field.js';
export { CustomKind, type PackedKinds, packKinds, refuseInvalidKinds, unpackKinds } from './custom-kind.js';
export { type DeletionStep, deletionSteps } from './deletion-order.js';
export {
  degraded,
  failed,
  type Health,
  type HealthState,
  healthStates,
  progressing,
  sentence,
  worstFirst,
} from './health.js';
export { defaultRegistry, isRegistryPart, namedRegistry } from './image-registry.js';
export { builtInCatalog, KindCatalog, type Observation } from './kind-catalog.js';
export { type ClaimTemplate, type ImmutablePolicy, isCustomGroup, type Kind, kindKey, type Replicas } from './kind.js';
export { conditionOf, conditionsOf, type ObjectCondition } from './object-conditions.js';
export { outdatedFields, type PodValues } from './pod-fields.js';
export { crashLoop, failedProbe, notReady, restartedByProbe } from './pod-health.js';
export { failedCreate } from './workload-health.js';
