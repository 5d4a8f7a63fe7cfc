import { Injectable } from '@nestjs/common';
import type { Cluster } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import type { FieldWriter } from '@runos/kube-objects';
import { afterCommit, Database, idempotent, isRepeated } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import { AuditedWrites } from '../writes/audited-writes.js';
import type { Caller } from '../writes/preconditions.js';
import { ClusterRepository } from './cluster-repository.js';
import { clusterView } from './cluster-view.js';
import { refuseUnwritable } from './refuse-unwritable.js';
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
    private readonly audited: AuditedWrites,
  ) {}

  /** @throws Fault `request.invalid` for a kind that no type has, `conflict.deleting`, `conflict.stale` */
  async run(input: Input, caller: Caller): Promise<Cluster> {
    const { cid, changes, idempotency, ifGeneration } = input;
    const { tenant } = caller;
    const before = await this.clusters.get(this.database.manager, tenant, cid);
    refuseUnknownKinds(changes.allowedWriters ?? []);
    if (await isRepeated(this.database.manager, { tenant, idempotency })) return this.#write(input, caller, false);
    refuseUnwritable(before, ifGeneration);
    const writers = differingList(before, changes);
    if (writers === undefined) return this.#write(input, caller, false);
    return this.audited.run(tenant, entryOf(cid, writers), () => this.#write(input, caller, true));
  }

  /** `isAudited`: the audit log has an entry of this change. */
  #write(
    { cid, changes, idempotency, ifGeneration }: Input,
    { tenant, changedBy }: Caller,
    isAudited: boolean,
  ): Promise<Cluster> {
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        const cluster = await this.clusters.get(sql, tenant, cid, 'change');
        refuseUnwritable(cluster, ifGeneration);
        const writers = differingList(cluster, changes);
        if (writers === undefined) return clusterView(cluster);
        if (!isAudited) throw changedMeanwhile(cluster);
        await this.#setWriters(sql, cluster, writers, changedBy);
        return clusterView(await this.clusters.get(sql, tenant, cid));
      }),
    );
  }

  async #setWriters(sql: EntityManager, cluster: ClusterRow, writers: Writers, changedBy: string): Promise<void> {
    await this.clusters.setWriters(sql, cluster.id, writers, changedBy);
    const types = affectedTypes(cluster.allowed_writers, writers);
    await this.work.redeliverTypes(sql, cluster.id, types, redeliveryIntervalMs);
    afterCommit(sql, () => this.wakeups.wake('work'));
  }
}

const entryOf = (subject: string, writers: Writers) => ({
  action: 'cluster.update',
  subject,
  detail: { managers: [...new Set(writers.map(({ manager }) => manager))].join(' ') },
});

/** The new list; undefined when it is the current one. */
const differingList = (
  { allowed_writers: current }: ClusterRow,
  { allowedWriters }: Input['changes'],
): Writers | undefined =>
  allowedWriters === undefined || isSameList(current, allowedWriters) ? undefined : allowedWriters;

const changedMeanwhile = ({ cid }: ClusterRow): Fault =>
  new Fault('conflict.stale', `Cluster "${cid}" was changed by another request. Read it again and repeat the change.`);
