export {
  listAccounts,
  listModules,
  Membership,
  showProfile,
  showSystemSetting,
} from './accounts/account-operations.js';
export {
  showCatalog,
  showCatalogVersion,
  showToolsets,
  showWholeCatalog,
  showWholeCatalogVersion,
  toolsets,
} from './commands/command-operations.js';
export type {
  Command,
  CommandCatalog,
  CommandField,
  CommandFlag,
  CommandInput,
  CommandOutput,
} from './commands/command-catalog.js';
export { cliFileName, type CliPlatform, cliPlatforms } from './install/cli-platforms.js';
export { commandsOf } from './commands/commands.js';
export { bootstrapOf } from './topics/bootstrap.js';
export { searchTopics, showBootstrap, showTopic } from './topics/topic-operations.js';
export { type CommandTopic, matchingTopics, topicsOf, topicText } from './topics/topics.js';
export { Addon, type AddonGoal, addonGoals, installAddon, listAddons, removeAddon } from './addons/addon-operations.js';
export { type Access, type Level, levels, Role, roleAllows, roles, weakerRole } from './access/access.js';
export {
  ApiKey,
  createApiKey,
  CreateApiKey,
  CreatedApiKey,
  listApiKeys,
  revokeApiKey,
  showApiKey,
} from './api-keys/api-key-operations.js';
export {
  acceptKubernetesCluster,
  AcceptKubernetesCluster,
  Cluster,
  ClusterStatus,
  clusterStatuses,
  createCluster,
  CreateCluster,
  createRegistrationToken,
  CreateRegistrationToken,
  deleteCluster,
  listClusters,
  listRegistrationTokens,
  RegistrationToken,
  revokeRegistrationToken,
  showCluster,
  ShownRegistrationToken,
  tokenPurposes,
  updateCluster,
  UpdateCluster,
} from './clusters/cluster-operations.js';
export {
  ConfigSet,
  ConfigValues,
  createConfigSet,
  CreateConfigSet,
  deleteConfigSet,
  listConfigSets,
  listConfigSetVersions,
  showConfigSet,
  updateConfigSet,
  UpdateConfigSet,
} from './config-sets/config-set-operations.js';
export { linesOf, LogEntries, type ReadLogs, showAppLogs, showServiceLogs } from './logs/log-operations.js';
export { errorCodesOf } from './operation/error-codes.js';
export { Accepted, ChangedSpec, JobId, NextCursor, page, Timestamp } from './operation/fields.js';
export {
  cancelJob,
  Job,
  JobLog,
  JobLogs,
  jobStateMachine,
  JobStatus,
  jobStatuses,
  JobType,
  jobTypes,
  listJobLogs,
  ListJobs,
  listJobs,
  listWorkItems,
  showJob,
  streamJob,
  WorkItem,
  workItemNames,
  WorkItems,
} from './jobs/job-operations.js';
export { logLevel, withoutQuotedLog, withQuotedLog } from './jobs/quoted-log.js';
export {
  deleteNode,
  listNodes,
  Node,
  type NodeRole,
  nodeRoles,
  NodeStatus,
  nodeStatuses,
  showNode,
  UpdatedNode,
  updateNode,
} from './nodes/node-operations.js';
export { openApi } from './openapi/open-api.js';
export {
  bodySchemaOf,
  hasBody,
  type FollowedMediaType,
  type Method,
  operation,
  type Operation,
  type OperationInput,
  type OperationOutput,
  type PathParam,
  pathParams,
} from './operation/operation.js';
export { reservedWords } from './operation/reserved-words.js';
export { type OperationId, operations, type PlanId } from './operations.js';
export { listSizingClasses, listVersions, SizingClass } from './service-info/service-info-operations.js';
export {
  convertToCustom,
  CustomConfiguration,
  setAdvancedConfigs,
  upgradeConfigSet,
  UpgradeConfigSet,
} from './services/configuration-operations.js';
export {
  diffRevision,
  DiffTarget,
  listRevisions,
  Revision,
  RevisionDiff,
  RolledBack,
  Rollback,
  rollBack,
  showRevision,
} from './services/revision-operations.js';
export {
  acceptApp,
  createApp,
  deleteApp,
  listAppArchives,
  listAppEvents,
  listApps,
  restartApp,
  showApp,
  showAppStatus,
  updateApp,
} from './apps/app-operations.js';
export { App, AppSummary, appType } from './apps/app-shapes.js';
export {
  changeEnvironment,
  changeSecretFiles,
  listSecretFiles,
  setSecretVariables,
  setVariables,
  showSecretFile,
  showSecretVariables,
  showVariables,
} from './apps/environment-operations.js';
export { diffAppRevision, listAppRevisions, rollBackApp, showAppRevision } from './apps/app-revision-operations.js';
export {
  Dependencies,
  Dependents,
  listAppDependencies,
  listAppDependents,
  listServiceDependencies,
  listServiceDependents,
  ShownLinks,
  showLinks,
} from './apps/link-operations.js';
export { ChangeEnvironment, SecretFile, SecretFileList, ShownVariables } from './apps/environment-shapes.js';
export { AppFields } from '@runos/service-types';
export {
  planAdvancedConfigs,
  planAppCreation,
  planAppDeletion,
  planAppOverrideCreation,
  planAppOverrideDeletion,
  planAppOverrideUpdate,
  planAppRollback,
  planAppUpdate,
  planConfigSetUpgrade,
  planConversionToCustom,
  planEnvironment,
  planSecretFiles,
  planSecretVariables,
  planServiceCreation,
  planServiceDeletion,
  planServiceOverrideCreation,
  planServiceOverrideDeletion,
  planServiceOverrideUpdate,
  planServiceRollback,
  planServiceUpdate,
  planServiceUpgrade,
  planVariables,
} from './plans/plan-operations.js';
export { ChangePlan, PlannedObject } from './plans/plan-shapes.js';
export {
  createAppOverride,
  createServiceOverride,
  deleteAppOverride,
  deleteServiceOverride,
  listAppOverrides,
  listServiceOverrides,
  updateAppOverride,
  updateServiceOverride,
} from './overrides/override-operations.js';
export { CreatedOverride, OverrideFile, OverrideList } from './overrides/override-shapes.js';
export {
  createService,
  deleteService,
  listServiceEvents,
  listServices,
  listServicesOfType,
  acceptService,
  planUpgrade,
  restartService,
  showCredentials,
  showService,
  showServiceStatus,
  updateService,
  upgradeService,
} from './services/service-operations.js';
export {
  Condition,
  AcceptDesired,
  CreatedService,
  Credentials,
  type InstanceKind,
  RestartedInstance,
  Service,
  ServiceEvent,
  ServiceEvents,
  ServiceFields,
  ServiceState,
  serviceStates,
  ServiceStatus,
  ServiceSummary,
  SizingNumbers,
  UpdatedService,
  Upgrade,
  type UpgradeComparison,
  UpgradePlan,
} from './services/service-shapes.js';
export { LoggedIn, logIn, LogIn, logOut } from './sessions/session-operations.js';
export {
  cancelUpgradeWave,
  createUpgradeWave,
  listUpgradeWaves,
  planUpgradeWave,
  resumeUpgradeWave,
  showUpgradeWave,
} from './upgrades/upgrade-operations.js';
export {
  CancelledUpgradeWave,
  CreateUpgradeWave,
  ResumedUpgradeWave,
  UpgradeOfType,
  UpgradeWave,
  UpgradeWaveDetails,
  UpgradeWaveInstance,
  type WaveInstanceState,
  UpgradeWavePlan,
  type WaveState,
} from './upgrades/upgrade-shapes.js';
export { sizeIssues } from './services/size-issues.js';
export {
  createRegistry,
  deleteRegistry,
  listRegistries,
  showRegistry,
  updateRegistry,
} from './registries/registry-operations.js';
export {
  ChangedRegistry,
  CreateRegistry,
  DeletedRegistry,
  Registry,
  type RegistryCheckStatus,
  UpdateRegistry,
} from './registries/registry-shapes.js';
