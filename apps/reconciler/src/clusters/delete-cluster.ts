import { Injectable } from '@nestjs/common';
import type { JobProgress, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Database, databaseNow, idempotent, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { By } from '../by.js';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import { JobsLink } from '../jobs/jobs-link.js';
import { mintJobId } from '../jobs/mint-job-id.js';
import { openJob } from '../jobs/open-job.js';
import { newWorkItems } from '../jobs/work-items.js';
import { refuseStale } from '../refuse-stale.js';
import { Pokes } from '../work/pokes.js';
import type { ClusterRow } from './cluster-row.js';
import { Clusters } from './clusters.js';

type Input = z.output<typeof reconciler.deleteCluster.input>;

/** So many are named in the refusal; the rest is counted. */
const named = 10;

@Injectable()
export class DeleteCluster {
  constructor(
    private readonly database: Database,
    private readonly clusters: Clusters,
    private readonly jobs: JobsLink,
    private readonly pokes: Pokes,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** @throws Fault `cluster.not_empty` with the instances, `conflict.deleting`, `conflict.stale` */
  async run({ cid, idempotency, ifGeneration }: Input, { tenant, who }: By): Promise<{ jobId: string }> {
    let opened: JobProgress | undefined;
    const answer = await this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        // Who creates an instance holds the row too: it is either counted here, or finds the cluster deleting.
        const cluster = await this.clusters.get(sql, tenant, cid, 'update');
        if (cluster.deleting_since !== null) {
          throw new Fault('conflict.deleting', `Cluster "${cid}" is being deleted already.`);
        }
        refuseStale(`cluster "${cid}"`, cluster, ifGeneration);
        await refuseUnlessEmpty(sql, cluster);
        opened = await this.#begin(sql, cluster, who);
        return { jobId: opened.job.id };
      }),
    );
    if (opened !== undefined) {
      this.pokes.poke('removals');
      await this.jobs.open(opened);
    }
    return answer;
  }

  async #begin(sql: EntityManager, cluster: ClusterRow, who: string): Promise<JobProgress> {
    const now = await databaseNow(sql);
    const jobId = mintJobId(now);
    await runSql(
      sql,
      `UPDATE cluster SET deleting_since = now(), updated_at = now(), generation = generation + 1, changed_by = $2,
         removal_job = $3, removal_due_at = now() WHERE id = $1`,
      [cluster.id, who, jobId],
    );
    return openJob(sql, {
      jobId,
      aid: cluster.aid,
      cid: cluster.cid,
      clusterId: cluster.id,
      instanceId: null,
      osid: null,
      type: 'cluster.delete',
      kind: 'delete',
      generation: cluster.generation + 1,
      revision: 0,
      workItems: newWorkItems({
        kind: 'delete',
        jobId,
        first: 'deliver',
        now: now.toISOString(),
        mintId: uuidv7,
      }),
      firstStep: 'deliver',
      progress: 'revoking the certificates of its agents',
      reason: null,
      budgetMs: this.config.jobDeadlineSeconds * 1_000,
      leaveMs: this.config.jobLeaveSeconds * 1_000,
      paused: false,
      logs: [{ step: 'check', level: 'info', message: `Cluster ${cluster.cid} has no instances; it can be removed.` }],
    });
  }
}

async function refuseUnlessEmpty(sql: EntityManager, { id, cid }: ClusterRow): Promise<void> {
  const [{ count, osids }] = await runSql<{ count: number; osids: string[] | null }>(
    sql,
    `SELECT count(*)::int AS count, (array_agg(osid ORDER BY id))[1:${named}] AS osids FROM instance WHERE cluster_id = $1`,
    [id],
  );
  if (count === 0) return;
  const some = `${(osids ?? []).join(', ')}${count > named ? ', …' : ''}`;
  throw new Fault(
    'cluster.not_empty',
    `Cluster "${cid}" has ${count} service ${count === 1 ? 'instance' : 'instances'} (${some}); delete them first.`,
    { instances: count, osids: osids ?? [] },
  );
}
