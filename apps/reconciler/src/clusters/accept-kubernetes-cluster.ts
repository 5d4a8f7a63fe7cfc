import { Injectable } from '@nestjs/common';
import type { Cluster } from '@runos/api';
import { identity, type reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { afterCommit, Database, idempotent } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { ClusterAddonRepository } from '../addons/cluster-addon-repository.js';
import { ClusterRepository } from './cluster-repository.js';
import { clusterView } from './cluster-view.js';
import { refuseDeleting } from './refuse-deleting.js';
import { DivergenceRepository } from '../divergence/divergence-repository.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import { type Caller, refuseStaleGeneration } from '../writes/preconditions.js';
import { ResumeCluster } from '../connections/resume-cluster.js';

type Input = z.output<typeof reconciler.acceptKubernetesCluster.input>;

/** Binds a cluster to the rebuilt Kubernetes cluster of its agent, and delivers everything there again. */
@Injectable()
export class AcceptKubernetesCluster {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly divergences: DivergenceRepository,
    private readonly work: WorkRepository,
    private readonly addons: ClusterAddonRepository,
    private readonly resumption: ResumeCluster,
    private readonly wakeups: Wakeups,
    private readonly bus: Bus,
  ) {}

  /** @throws Fault `cluster.agent_mismatch`, `conflict.deleting`, `conflict.stale` */
  async run(input: Input, { tenant, changedBy }: Caller): Promise<Cluster> {
    const { cid, kubernetesUid, idempotency, ifGeneration } = input;
    const before = await this.clusters.get(this.database.manager, tenant, cid);
    const isAudited = await this.#audit(before, kubernetesUid);
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        const cluster = await this.clusters.get(sql, tenant, cid, 'change');
        refuseDeleting(cluster);
        refuseStaleGeneration(`cluster "${cid}"`, cluster, ifGeneration);
        if (!isAudited || cluster.foreign_uid !== kubernetesUid) throw mismatch(cluster, kubernetesUid);
        await this.#bind(sql, cluster, changedBy);
        return clusterView(await this.clusters.get(sql, tenant, cid));
      }),
    );
  }

  /** A request must not hold a lock, and a refused one leaves no entry. False when it will be refused. */
  async #audit(
    { aid: tenant, cid, uid, foreign_uid: foreignUid }: ClusterRow,
    kubernetesUid: string,
  ): Promise<boolean> {
    if (foreignUid !== kubernetesUid) return false;
    const detail = { kubernetesUid, before: uid ?? '' };
    const entry = { action: 'cluster.accept', subject: cid, outcome: 'allowed' as const, detail };
    await this.bus.request(identity.recordAudit, entry, { tenant });
    return true;
  }

  /** What the agent stored in the earlier Kubernetes cluster is gone, so every instance and add-on is delivered. */
  async #bind(sql: EntityManager, cluster: ClusterRow, changedBy: string): Promise<void> {
    await this.clusters.lockConnection(sql, cluster.id);
    const { connected } = await this.clusters.acceptForeign(sql, cluster.id, changedBy);
    await this.divergences.clearCluster(sql, cluster.id);
    await this.addons.installAgain(sql, cluster.id);
    await this.work.redeliver(sql, cluster.id, 'all');
    afterCommit(sql, () => this.wakeups.wake('work'));
    if (connected) await this.resumption.run(sql, cluster);
  }
}

function mismatch({ cid, uid, foreign_uid: foreignUid }: ClusterRow, kubernetesUid: string): Fault {
  const bound = uid === kubernetesUid ? ' The cluster is bound to it already.' : '';
  const last = foreignUid === null ? '' : ` The agent that connected last runs in "${foreignUid}".`;
  return new Fault(
    'cluster.agent_mismatch',
    `No agent of Kubernetes cluster "${kubernetesUid}" waits for its acceptance in cluster "${cid}".${bound}${last}`,
  );
}
