import { Controller } from '@nestjs/common';
import type { Cluster } from '@runos/api';
import { type InputOf, reconciler } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { AcceptKubernetesCluster } from './accept-kubernetes-cluster.js';
import { LiveHeartbeats } from '../connections/live-heartbeats.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { callerOf } from '../writes/preconditions.js';
import { ClusterRepository } from './cluster-repository.js';
import { clusterStatus, clusterView } from './cluster-view.js';
import { CreateCluster } from './create-cluster.js';
import { DeleteCluster } from './cluster-removal.js';
import { UpdateCluster } from './update-cluster.js';

type Call = CallContext<'tenant'>;

@Controller()
export class ClustersController {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly creations: CreateCluster,
    private readonly updates: UpdateCluster,
    private readonly deletions: DeleteCluster,
    private readonly acceptances: AcceptKubernetesCluster,
    private readonly heartbeats: LiveHeartbeats,
  ) {}

  @Respond(reconciler.listClusters)
  async list(_: InputOf<typeof reconciler.listClusters>, { tenant }: Call) {
    return { clusters: await this.#views(tenant, await this.clusters.list(this.database.manager, tenant)) };
  }

  @Respond(reconciler.createCluster)
  create(input: InputOf<typeof reconciler.createCluster>, call: Call) {
    return this.creations.run(input, callerOf(call));
  }

  @Respond(reconciler.showCluster)
  async show({ cid }: InputOf<typeof reconciler.showCluster>, { tenant }: Call) {
    const row = await this.clusters.get(this.database.manager, tenant, cid);
    const [view = clusterView(row)] = await this.#views(tenant, [row]);
    return view;
  }

  @Respond(reconciler.updateCluster)
  update(input: InputOf<typeof reconciler.updateCluster>, call: Call) {
    return this.updates.run(input, callerOf(call));
  }

  @Respond(reconciler.deleteCluster)
  delete(input: InputOf<typeof reconciler.deleteCluster>, call: Call) {
    return this.deletions.run(input, callerOf(call));
  }

  @Respond(reconciler.acceptKubernetesCluster)
  accept(input: InputOf<typeof reconciler.acceptKubernetesCluster>, call: Call) {
    return this.acceptances.run(input, callerOf(call));
  }

  /** The list and the show read `lastHeartbeatAt` here, from one request for all connected clusters. */
  async #views(tenant: string, rows: readonly ClusterRow[]): Promise<Cluster[]> {
    const connected = rows.filter((row) => clusterStatus(row) === 'connected').map(({ cid }) => cid);
    const live = await this.heartbeats.read(tenant, connected);
    return rows.map((row) => clusterView(row, live.of(row.cid, null)));
  }
}
