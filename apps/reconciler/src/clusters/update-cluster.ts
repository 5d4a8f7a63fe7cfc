import { Injectable } from '@nestjs/common';
import type { Cluster } from '@runos/api';
import { identity, type reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import type { FieldWriter } from '@runos/kube-objects';
import { Bus } from '@runos/messaging';
import { afterCommit, Database, idempotent } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import { type Caller, refuseStaleGeneration } from '../writes/preconditions.js';
import { ClusterRepository } from './cluster-repository.js';
import { clusterView } from './cluster-view.js';
import { refuseDeleting } from './refuse-deleting.js';
import { affectedTypes, isSameList, refuseUnknownKinds } from './cluster-writers.js';

type Input = z.output<typeof reconciler.updateCluster.input>;
type Writers = readonly FieldWriter[];

/**
 * 20 redeliveries per second, ms. A list that ends can make pods restart, which must not happen to all at once.
 * Deliveries of users' writes are attempted first.
 */
const redeliveryIntervalMs = 50;

/** Changes the list of a cluster, and delivers it to the instances that have its kinds. */
@Injectable()
export class UpdateCluster {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly work: WorkRepository,
    private readonly wakeups: Wakeups,
    private readonly bus: Bus,
  ) {}

  /** @throws Fault `request.invalid` for a kind that no type has and for a long list, `conflict.deleting`, `conflict.stale` */
  async run({ cid, changes, idempotency, ifGeneration }: Input, { tenant, changedBy }: Caller): Promise<Cluster> {
    const before = await this.clusters.get(this.database.manager, tenant, cid);
    refuseUnknownKinds(changes.allowedWriters ?? []);
    const isAudited = await this.#audit(before, changes);
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        const cluster = await this.clusters.get(sql, tenant, cid, 'change');
        refuseDeleting(cluster);
        refuseStaleGeneration(`cluster "${cid}"`, cluster, ifGeneration);
        const writers = differingList(cluster, changes);
        if (writers === undefined) return clusterView(cluster);
        if (!isAudited) throw changedMeanwhile(cluster);
        await this.#setWriters(sql, cluster, writers, changedBy);
        return clusterView(await this.clusters.get(sql, tenant, cid));
      }),
    );
  }

  /** A request must not hold a lock. False when nothing differs, or when it will be refused. */
  async #audit(cluster: ClusterRow, changes: Input['changes']): Promise<boolean> {
    const writers = differingList(cluster, changes);
    if (writers === undefined || cluster.deletion_requested_at !== null) return false;
    const { aid: tenant, cid: subject } = cluster;
    const managers = [...new Set(writers.map(({ manager }) => manager))].join(' ');
    const entry = { action: 'cluster.update', subject, outcome: 'allowed' as const, detail: { managers } };
    await this.bus.request(identity.recordAudit, entry, { tenant });
    return true;
  }

  async #setWriters(sql: EntityManager, cluster: ClusterRow, writers: Writers, changedBy: string): Promise<void> {
    await this.clusters.setWriters(sql, cluster.id, writers, changedBy);
    const types = affectedTypes(cluster.allowed_writers, writers);
    await this.work.redeliverTypes(sql, cluster.id, types, redeliveryIntervalMs);
    afterCommit(sql, () => this.wakeups.wake('work'));
  }
}

/** The new list; undefined when it is the current one. */
const differingList = (
  { allowed_writers: current }: ClusterRow,
  { allowedWriters }: Input['changes'],
): Writers | undefined =>
  allowedWriters === undefined || isSameList(current, allowedWriters) ? undefined : allowedWriters;

const changedMeanwhile = ({ cid }: ClusterRow): Fault =>
  new Fault('conflict.stale', `Cluster "${cid}" was changed by another request. Read it again and repeat the change.`);
