import { type DynamicModule, Module } from '@nestjs/common';
import { Bus } from '@runos/messaging';
import { PersistenceModule } from '@runos/persistence';
import { Clusters } from './clusters/clusters.js';
import { ClustersController } from './clusters/clusters.controller.js';
import { CreateCluster } from './clusters/create-cluster.js';
import { DeleteCluster } from './clusters/delete-cluster.js';
import { RemoveClusters } from './clusters/remove-clusters.js';
import { provideConfig, type ReconcilerConfig } from './config.js';
import { Housekeeping } from './housekeeping.js';
import { Deliver } from './delivery/deliver.js';
import { Instruct } from './delivery/instruct.js';
import { Accepted } from './instances/accepted.js';
import { ChangeInstance } from './instances/change-instance.js';
import { CreateInstance } from './instances/create-instance.js';
import { InstanceEvents } from './instances/events.js';
import { Instances } from './instances/instances.js';
import { InstancesController } from './instances/instances.controller.js';
import { Resolver } from './instances/resolver.js';
import { Secrets } from './instances/secrets.js';
import { ShowCredentials } from './instances/show-credentials.js';
import { WriteInstance } from './instances/write-instance.js';
import { CancelJob } from './jobs/cancel-job.js';
import { Deadlines } from './jobs/deadlines.js';
import { JobsLink } from './jobs/jobs-link.js';
import { JobsController } from './jobs/jobs.controller.js';
import { Nodes } from './nodes/nodes.js';
import { NodesController } from './nodes/nodes.controller.js';
import { RegisterNode } from './nodes/register-node.js';
import { AgentsController } from './presence/agents.controller.js';
import { Heartbeats } from './presence/heartbeats.js';
import { RecordPresence } from './presence/record-presence.js';
import { AnswerResync } from './resync/answer-resync.js';
import { migrations } from './schema/migrations.js';
import { RecordStatus } from './status/record-status.js';
import { Deliveries } from './work/deliveries.js';
import { Loops } from './work/loops.js';
import { Pokes } from './work/pokes.js';
import { WorkMetrics } from './work/work-metrics.js';

const ofClusters = [Clusters, CreateCluster, DeleteCluster, RemoveClusters, Nodes, RegisterNode, Heartbeats];
const ofInstances = [
  ...[Instances, Resolver, Secrets, Accepted, WriteInstance, CreateInstance, ChangeInstance],
  ...[InstanceEvents, ShowCredentials],
];
const ofAgents = [RecordPresence, RecordStatus, AnswerResync];
const ofJobs = [JobsLink, CancelJob, Deadlines];
const ofWork = [Pokes, Instruct, Deliver, Deliveries, Housekeeping, Loops, WorkMetrics];

@Module({})
export class ReconcilerModule {
  static with(config: ReconcilerConfig): DynamicModule {
    return {
      module: ReconcilerModule,
      imports: [PersistenceModule.forService({ service: 'reconciler', config, migrations, outbox: { sink: Bus } })],
      controllers: [ClustersController, NodesController, InstancesController, JobsController, AgentsController],
      providers: [provideConfig(config), ...ofClusters, ...ofInstances, ...ofAgents, ...ofJobs, ...ofWork],
    };
  }
}
