import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { afterCommit, Database, idempotent } from '@runos/persistence';
import type { z } from 'zod';
import { JobStarter } from '../jobs/job-starter.js';
import { Wakeups } from '../work/wakeups.js';
import { type Caller, refuseStaleGeneration } from '../writes/preconditions.js';
import { ClusterRepository } from './cluster-repository.js';

type Input = z.output<typeof reconciler.deleteCluster.input>;

/** Accepts the deletion of an empty cluster; `ClusterRemoval` executes it. */
@Injectable()
export class DeleteCluster {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
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
        await this.clusters.refuseUnlessEmpty(sql, cluster);
        const jobId = await this.jobs.startClusterRemoval(sql, cluster);
        await this.clusters.requestDeletion(sql, cluster.id, jobId, changedBy);
        afterCommit(sql, () => this.wakeups.wake('removals'));
        return { jobId };
      }),
    );
  }
}
