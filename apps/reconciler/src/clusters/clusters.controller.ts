import { Controller } from '@nestjs/common';
import { reconciler } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { byOf } from '../by.js';
import { Heartbeats } from '../presence/heartbeats.js';
import { clusterView } from './cluster-row.js';
import { Clusters } from './clusters.js';
import { CreateCluster } from './create-cluster.js';
import { DeleteCluster } from './delete-cluster.js';

type Call = CallContext<'tenant'>;
type In<C extends { input: z.ZodType }> = z.output<C['input']>;

@Controller()
export class ClustersController {
  constructor(
    private readonly database: Database,
    private readonly clusters: Clusters,
    private readonly creations: CreateCluster,
    private readonly deletions: DeleteCluster,
    private readonly heartbeats: Heartbeats,
  ) {}

  @Respond(reconciler.listClusters)
  async list(_: In<typeof reconciler.listClusters>, { tenant }: Call) {
    return { clusters: (await this.clusters.list(this.database.manager, { tenant })).map(clusterView) };
  }

  @Respond(reconciler.createCluster)
  create(input: In<typeof reconciler.createCluster>, call: Call) {
    return this.creations.run(input, byOf(call));
  }

  @Respond(reconciler.showCluster)
  async show({ cid }: In<typeof reconciler.showCluster>, { tenant }: Call) {
    const cluster = clusterView(await this.clusters.get(this.database.manager, tenant, cid));
    const last = cluster.status === 'connected' ? (await this.heartbeats.of(tenant, cid)).get(null) : undefined;
    return { ...cluster, lastHeartbeatAt: last ?? cluster.lastHeartbeatAt };
  }

  @Respond(reconciler.deleteCluster)
  delete(input: In<typeof reconciler.deleteCluster>, call: Call) {
    return this.deletions.run(input, byOf(call));
  }
}
