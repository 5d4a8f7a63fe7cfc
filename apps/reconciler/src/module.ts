import { type DynamicModule, Module } from '@nestjs/common';
import { Bus } from '@runos/messaging';
import { PersistenceModule } from '@runos/persistence';
import { AddonManifests } from './addons/addon-manifests.js';
import { AddonEvents } from './addons/addon-events.js';
import { AddonReadiness } from './addons/addon-readiness.js';
import { AddonReconciler } from './addons/addon-reconciler.js';
import { AddonReportRepository } from './addons/addon-report-repository.js';
import { AddonsController } from './addons/addons.controller.js';
import { ClusterAddonRepository } from './addons/cluster-addon-repository.js';
import { RequestAddon } from './addons/request-addon.js';
import { RequiredAddons } from './addons/required-addons.js';
import { RecordBundleStatus } from './bundle-status/record-bundle-status.js';
import { BundleStatusController } from './bundle-status/bundle-status.controller.js';
import { ObservationRepository } from './bundle-status/observation-repository.js';
import { RecordObservations } from './bundle-status/record-observations.js';
import { ClusterLog } from './clusters/cluster-log.js';
import { ClusterRemoval, DeleteCluster } from './clusters/cluster-removal.js';
import { ClusterRepository } from './clusters/cluster-repository.js';
import { ClusterShare } from './clusters/cluster-share.js';
import { ClustersController } from './clusters/clusters.controller.js';
import { CreateCluster } from './clusters/create-cluster.js';
import { reconcilerConfig, type ReconcilerConfig } from './config.js';
import { ChangeConfiguration } from './configuration/change-configuration.js';
import { ConfigSetUseRepository } from './configuration/config-set-use-repository.js';
import { ConfigurationController } from './configuration/configuration.controller.js';
import { RecordConnection } from './connections/record-connection.js';
import { ResumeCluster } from './connections/resume-cluster.js';
import { UpdateCluster } from './clusters/update-cluster.js';
import { AcceptKubernetesCluster } from './clusters/accept-kubernetes-cluster.js';
import { ConnectionsController } from './connections/connections.controller.js';
import { LiveHeartbeats } from './connections/live-heartbeats.js';
import { DeletionRepository } from './deletions/deletion-repository.js';
import { RepeatDeletions } from './deletions/repeat-deletions.js';
import { AcceptDivergence } from './divergence/accept-divergence.js';
import { DivergenceRepository } from './divergence/divergence-repository.js';
import { EarlierRevisions } from './divergence/earlier-revisions.js';
import { RecordDivergence } from './divergence/record-divergence.js';
import { SealedSpecs } from './divergence/sealed-spec.js';
import { AgentInstructions } from './delivery/agent-instructions.js';
import { BundleDelivery } from './delivery/bundle-delivery.js';
import { DeliveryResults } from './delivery/delivery-results.js';
import { ChangeEnvironment } from './environment/change-environment.js';
import { EnvironmentController } from './environment/environment.controller.js';
import { ChangeOverrides } from './overrides/change-overrides.js';
import { OverridesController } from './overrides/overrides.controller.js';
import { ShowEnvironment } from './environment/show-environment.js';
import { ChangeInstance } from './instances/change-instance.js';
import { CreateInstance } from './instances/create-instance.js';
import { CreationResolver } from './instances/creation-resolver.js';
import { DependentRepository } from './instances/dependent-repository.js';
import { EventBudget } from './instances/event-budget.js';
import { EventRepository } from './instances/event-repository.js';
import { InstanceRepository } from './instances/instance-repository.js';
import { InstanceReplicas } from './instances/instance-replicas.js';
import { InstanceSecrets } from './instances/instance-secrets.js';
import { InstanceWrites } from './instances/instance-writes.js';
import { AuditedReads } from './instances/audited-reads.js';
import { MintedIdRepository } from './instances/minted-id-repository.js';
import { ShowCredentials } from './instances/show-credentials.js';
import { PlanUpgrade } from './instances/plan-upgrade.js';
import { Requirements } from './instances/requirements.js';
import { UpdateResolver } from './instances/update-resolver.js';
import { InstancesController } from './instances/instances.controller.js';
import { CancelJob } from './jobs/cancel-job.js';
import { JobDeadlines } from './jobs/job-deadlines.js';
import { JobQueueRepository } from './jobs/job-queue-repository.js';
import { JobRepository } from './jobs/job-repository.js';
import { JobStarter } from './jobs/job-starter.js';
import { JobUpdateRepository } from './jobs/job-update-repository.js';
import { JobUpdates } from './jobs/job-updates.js';
import { JobsController } from './jobs/jobs.controller.js';
import { PausedDeadlineRepository } from './jobs/paused-deadline-repository.js';
import { AppReferences } from './links/app-references.js';
import { LinkRemarks } from './links/link-remarks.js';
import { LinkResolver } from './links/link-resolver.js';
import { LinksController } from './links/links.controller.js';
import { AuthorizeLogs } from './logs/authorize-logs.js';
import { LogsController } from './logs/logs.controller.js';
import { NodeRepository } from './nodes/node-repository.js';
import { NodesController } from './nodes/nodes.controller.js';
import { ChangeNodeTags } from './nodes/change-node-tags.js';
import { DeliverNodeTags } from './nodes/deliver-node-tags.js';
import { NodePins } from './nodes/node-pins.js';
import { NodeTagDeliveryRepository } from './nodes/node-tag-delivery-repository.js';
import { DeleteNode } from './nodes/delete-node.js';
import { RegisterNode } from './nodes/register-node.js';
import { ClusterChanges } from './plans/cluster-changes.js';
import { PlannedChange } from './plans/planned-change.js';
import { ChangeTrial } from './plans/change-trial.js';
import { PlanWrites } from './plans/plan-writes.js';
import { PlansController } from './plans/plans.controller.js';
import { DesiredHashRepository } from './resync/desired-hash-repository.js';
import { ResyncController } from './resync/resync.controller.js';
import { AutoRollback } from './revisions/auto-rollback.js';
import { DataLossGuard } from './revisions/data-loss-guard.js';
import { UndoneChanges } from './revisions/undone-changes.js';
import { UpgradeBlocks } from './revisions/upgrade-blocks.js';
import { QueuedChanges } from './revisions/queued-changes.js';
import { RevisionHistory } from './revisions/revision-history.js';
import { RevisionRepository } from './revisions/revision-repository.js';
import { UntriedChanges } from './revisions/untried-changes.js';
import { WritePlans } from './revisions/write-plans.js';
import { RevisionWriter } from './revisions/revision-writer.js';
import { ChangeRegistry } from './registries/change-registry.js';
import { CredentialRolloutRepository } from './app-credentials/credential-rollout-repository.js';
import { PullCredentialResolver } from './registries/pull-credential-resolver.js';
import { RegistriesController } from './registries/registries.controller.js';
import { RegistryCheck } from './registries/registry-check.js';
import { RegistryPasswords } from './registries/registry-passwords.js';
import { RegistryRepository } from './registries/registry-repository.js';
import { RefreshAppCredentials } from './app-credentials/refresh-app-credentials.js';
import { RevisionsController } from './revisions/revisions.controller.js';
import { RollBack } from './revisions/roll-back.js';
import { RollbackResolver } from './revisions/rollback-resolver.js';
import { SpecResolver } from './revisions/spec-resolver.js';
import { migrations } from './schema/migrations/index.js';
import { ChangeUpgradeWave } from './upgrades/change-upgrade-wave.js';
import { PlanUpgradeWave } from './upgrades/plan-upgrade-wave.js';
import { RunUpgradeWaves } from './upgrades/run-upgrade-waves.js';
import { UpgradeCandidateRepository } from './upgrades/upgrade-candidate-repository.js';
import { UpgradeWaveRepository } from './upgrades/upgrade-wave-repository.js';
import { UpgradesController } from './upgrades/upgrades.controller.js';
import { DeliveryWorker } from './work/delivery-worker.js';
import { Loops } from './work/loops.js';
import { retentionRules } from './schema/retention-rules.js';
import { Wakeups } from './work/wakeups.js';
import { AuditedWrites } from './writes/audited-writes.js';
import { WorkMetrics } from './work/work-metrics.js';
import { WorkRepository } from './work/work-repository.js';

const controllers = [
  ClustersController,
  NodesController,
  AddonsController,
  InstancesController,
  ConfigurationController,
  EnvironmentController,
  LinksController,
  OverridesController,
  RegistriesController,
  LogsController,
  RevisionsController,
  PlansController,
  UpgradesController,
  JobsController,
  ConnectionsController,
  BundleStatusController,
  ResyncController,
];
const clusters = [
  ClusterRepository,
  CreateCluster,
  UpdateCluster,
  DeleteCluster,
  ClusterRemoval,
  AcceptKubernetesCluster,
  AuditedWrites,
  NodeRepository,
  RegisterNode,
  DeleteNode,
  ChangeNodeTags,
  DeliverNodeTags,
  NodePins,
  NodeTagDeliveryRepository,
];
const addons = [
  AddonReportRepository,
  ClusterAddonRepository,
  AddonManifests,
  RequiredAddons,
  RequestAddon,
  AddonEvents,
  AddonReadiness,
  AddonReconciler,
];
const instances = [
  InstanceRepository,
  InstanceWrites,
  InstanceReplicas,
  InstanceSecrets,
  AuditedReads,
  MintedIdRepository,
  ShowCredentials,
  AuthorizeLogs,
  Requirements,
  DependentRepository,
  CreationResolver,
  CreateInstance,
  UpdateResolver,
  ChangeInstance,
  PlanUpgrade,
  EventBudget,
  EventRepository,
  SpecResolver,
  RevisionHistory,
  RevisionRepository,
  RevisionWriter,
  RollBack,
  RollbackResolver,
  UndoneChanges,
  AutoRollback,
  DataLossGuard,
  UpgradeBlocks,
  QueuedChanges,
];
const apps = [AppReferences, ChangeOverrides, LinkRemarks, LinkResolver, ChangeEnvironment, ShowEnvironment];
const plans = [ClusterChanges, PlannedChange, ChangeTrial, UntriedChanges, WritePlans, PlanWrites];
const registries = [
  RegistryRepository,
  RegistryPasswords,
  RegistryCheck,
  ChangeRegistry,
  CredentialRolloutRepository,
  PullCredentialResolver,
  RefreshAppCredentials,
];
const configuration = [ChangeConfiguration, ConfigSetUseRepository];
const agents = [
  ClusterLog,
  ClusterShare,
  LiveHeartbeats,
  ResumeCluster,
  RecordConnection,
  RecordBundleStatus,
  RecordObservations,
  ObservationRepository,
  DesiredHashRepository,
];
const deletions = [DeletionRepository, RepeatDeletions];
const divergence = [AcceptDivergence, DivergenceRepository, EarlierRevisions, RecordDivergence, SealedSpecs];
const jobs = [
  JobRepository,
  JobQueueRepository,
  JobUpdateRepository,
  JobUpdates,
  JobStarter,
  CancelJob,
  JobDeadlines,
  PausedDeadlineRepository,
];
const upgrades = [
  UpgradeCandidateRepository,
  UpgradeWaveRepository,
  PlanUpgradeWave,
  ChangeUpgradeWave,
  RunUpgradeWaves,
];
const work = [
  Wakeups,
  WorkRepository,
  AgentInstructions,
  BundleDelivery,
  DeliveryResults,
  DeliveryWorker,
  Loops,
  WorkMetrics,
];

@Module({})
class ReconcilerModule {
  static forConfig(config: ReconcilerConfig): DynamicModule {
    const persistence = { config, migrations, outbox: { sink: Bus }, retention: retentionRules(config) };
    return {
      module: ReconcilerModule,
      imports: [PersistenceModule.forService({ service: 'reconciler', ...persistence })],
      controllers,
      providers: [
        ...clusters,
        ...addons,
        ...instances,
        ...apps,
        ...registries,
        ...plans,
        ...configuration,
        ...agents,
        ...deletions,
        ...divergence,
        ...jobs,
        ...upgrades,
        ...work,
      ],
    };
  }
}

/** The reconciler as `runService` and `startService` take it. */
export const reconcilerService = {
  name: 'reconciler',
  config: reconcilerConfig,
  module: (config: ReconcilerConfig): DynamicModule => ReconcilerModule.forConfig(config),
} as const;
