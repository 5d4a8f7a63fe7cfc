import { Injectable } from '@nestjs/common';
import type { Cluster } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { afterCommit, Database, idempotent, isRepeated } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { ClusterAddonRepository } from '../addons/cluster-addon-repository.js';
import { ClusterRepository } from './cluster-repository.js';
import { clusterView } from './cluster-view.js';
import { refuseUnwritable } from './refuse-unwritable.js';
import { DivergenceRepository } from '../divergence/divergence-repository.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import { AuditedWrites } from '../writes/audited-writes.js';
import type { Caller } from '../writes/preconditions.js';
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
    private readonly audited: AuditedWrites,
  ) {}

  /** @throws Fault `cluster.agent_mismatch`, `conflict.deleting`, `conflict.stale` */
  async run(input: Input, caller: Caller): Promise<Cluster> {
    const { cid, kubernetesUid, idempotency, ifGeneration } = input;
    const { tenant } = caller;
    const before = await this.clusters.get(this.database.manager, tenant, cid);
    if (await isRepeated(this.database.manager, { tenant, idempotency })) return this.#write(input, caller);
    refuseUnwritable(before, ifGeneration);
    refuseMismatch(before, kubernetesUid);
    const detail = { kubernetesUid, before: before.uid ?? '' };
    const entry = { action: 'cluster.accept', subject: cid, detail };
    return this.audited.run(tenant, entry, () => this.#write(input, caller));
  }

  #write({ cid, kubernetesUid, idempotency, ifGeneration }: Input, { tenant, changedBy }: Caller): Promise<Cluster> {
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        const cluster = await this.clusters.get(sql, tenant, cid, 'change');
        refuseUnwritable(cluster, ifGeneration);
        refuseMismatch(cluster, kubernetesUid);
        await this.#bind(sql, cluster, changedBy);
        return clusterView(await this.clusters.get(sql, tenant, cid));
      }),
    );
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

/** @throws Fault `cluster.agent_mismatch` unless the agent that connected last runs in this Kubernetes cluster */
function refuseMismatch({ cid, uid, foreign_uid: foreignUid }: ClusterRow, kubernetesUid: string): void {
  if (foreignUid === kubernetesUid) return;
  const bound = uid === kubernetesUid ? ' The cluster is bound to it already.' : '';
  const last = foreignUid === null ? '' : ` The agent that connected last runs in "${foreignUid}".`;
  throw new Fault(
    'cluster.agent_mismatch',
    `No agent of Kubernetes cluster "${kubernetesUid}" waits for its acceptance in cluster "${cid}".${bound}${last}`,
  );
}
