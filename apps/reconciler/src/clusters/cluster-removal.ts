import { Injectable } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { exponentialBackoff } from '@runos/engine';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import { ClusterRepository, type Removal } from './cluster-repository.js';

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

  /** Removes every cluster whose attempt is due. Returns the time until the next attempt, ms, if there is one. */
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
