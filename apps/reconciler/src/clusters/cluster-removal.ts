import { Injectable } from '@nestjs/common';
import { agentGateway, type reconciler } from '@runos/contracts';
import { exponentialBackoff } from '@runos/engine';
import { Fault } from '@runos/kernel';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { afterCommit, Database, idempotent } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { DependentRepository, describeDependents } from '../instances/dependent-repository.js';
import { JobStarter } from '../jobs/job-starter.js';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import { type Caller, refuseStaleGeneration } from '../writes/preconditions.js';
import { ClusterRepository, type Removal } from './cluster-repository.js';

type Input = z.output<typeof reconciler.deleteCluster.input>;

/** Accepts the deletion of an empty cluster; `ClusterRemoval` executes it. */
@Injectable()
export class DeleteCluster {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly dependents: DependentRepository,
    private readonly jobs: JobStarter,
    private readonly wakeups: Wakeups,
  ) {}

  /** @throws Fault `cluster.not_empty` with the instances, `conflict.deleting`, `conflict.stale` */
  async run({ cid, idempotency, ifGeneration }: Input, { tenant, changedBy }: Caller): Promise<{ jobId: string }> {
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        // A creation of an instance locks the row too: it is counted here, or it finds the cluster deleting.
        const cluster = await this.clusters.get(sql, tenant, cid, 'update');
        if (cluster.deletion_requested_at !== null) {
          throw new Fault('conflict.deleting', `Cluster "${cid}" is being deleted already.`);
        }
        refuseStaleGeneration(`cluster "${cid}"`, cluster, ifGeneration);
        await this.#refuseUnlessEmpty(sql, cluster);
        const message = `Cluster ${cid} has no instances; it can be removed.`;
        const jobId = await this.jobs.startClusterJob(sql, cluster, {
          type: 'cluster.delete',
          kind: 'delete',
          needsAgent: false,
          progress: 'revoking the certificates of its agents',
          log: { step: 'check', level: 'info', message },
        });
        await this.clusters.requestDeletion(sql, cluster.id, jobId, changedBy);
        afterCommit(sql, () => this.wakeups.wake('removals'));
        return { jobId };
      }),
    );
  }

  async #refuseUnlessEmpty(sql: EntityManager, { id, cid }: ClusterRow): Promise<void> {
    const found = await this.dependents.ofCluster(sql, id);
    if (found.instances === 0) return;
    const message = `Cluster "${cid}" has ${describeDependents(found)}; delete them first.`;
    throw new Fault('cluster.not_empty', message, { ...found });
  }
}

/** After this time another replica continues the removal of a replica that died, ms. */
const leaseMs = 30_000;
const backoff = exponentialBackoff({ firstMs: 1_000, maxMs: 60_000 });

/** Removes deleted clusters: first the certificates of their agents, then the rows. */
@Injectable()
export class ClusterRemoval {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly jobs: JobUpdates,
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Removes every cluster whose next attempt is reached. Returns the time until the next attempt, ms, if there is one. */
  async run(): Promise<number | undefined> {
    const sql = this.database.manager;
    const claim = () => this.clusters.claimRemoval(sql, leaseMs);
    for (let next = await claim(); next !== undefined; next = await claim()) await this.#remove(next);
    return this.clusters.nextRemovalInMs(sql);
  }

  async #remove({ id, aid, cid, jobId, failures }: Removal): Promise<void> {
    try {
      await this.bus.request(agentGateway.revokeCluster, { cid }, { tenant: aid });
      await this.database.transaction(async (sql) => {
        const message = `Cluster ${cid}, its nodes and their certificates are removed.`;
        await this.clusters.remove(sql, id);
        await this.jobs.end(sql, [jobEnd({ jobId, outcome: 'completed', line: { level: 'info', message } })]);
      });
    } catch (error) {
      this.logger.warn({ err: error, aid, cid }, 'removing a cluster failed, retrying');
      await this.clusters.retryRemoval(this.database.manager, id, backoff(failures));
    }
  }
}
