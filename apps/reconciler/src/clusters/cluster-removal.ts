import { Injectable } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { exponentialBackoff } from '@runos/engine';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database, runSql } from '@runos/persistence';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';

interface Removal {
  readonly id: number;
  readonly aid: string;
  readonly cid: string;
  readonly jobId: string;
  readonly failures: number;
}

/** Another replica continues the removal of a replica that died after this time, ms. */
const leaseMs = 30_000;
const backoff = exponentialBackoff({ firstMs: 1_000, maxMs: 60_000 });

/** Removes deleted clusters: first the certificates of their agents, then the rows. */
@Injectable()
export class ClusterRemoval {
  constructor(
    private readonly database: Database,
    private readonly jobs: JobUpdates,
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Removes every cluster whose attempt is due. Returns the time until the next attempt, ms, if there is one. */
  async run(): Promise<number | undefined> {
    for (let next = await this.#claim(); next !== undefined; next = await this.#claim()) await this.#remove(next);
    const [next] = await this.database.query<{ ms: number | null }>(
      `SELECT (extract(epoch FROM min(removal_next_attempt_at) - now()) * 1000)::float8 AS ms
       FROM cluster WHERE removal_next_attempt_at IS NOT NULL`,
    );
    return next?.ms ?? undefined;
  }

  async #claim(): Promise<Removal | undefined> {
    const [claimed] = await this.database.query<Removal>(
      `UPDATE cluster SET removal_next_attempt_at = now() + ms($1), removal_failures = removal_failures + 1
       WHERE id = (SELECT id FROM cluster WHERE removal_next_attempt_at <= now() ORDER BY removal_next_attempt_at LIMIT 1
                   FOR NO KEY UPDATE SKIP LOCKED)
       RETURNING id, aid, cid, removal_job_id AS "jobId", removal_failures AS failures`,
      [leaseMs],
    );
    return claimed;
  }

  async #remove({ id, aid, cid, jobId, failures }: Removal): Promise<void> {
    try {
      await this.bus.request(agentGateway.revokeCluster, { cid }, { tenant: aid });
      await this.database.transaction(async (sql) => {
        const message = `Cluster ${cid}, its nodes and their certificates are removed.`;
        await runSql(sql, 'DELETE FROM cluster WHERE id = $1', [id]);
        await this.jobs.end(sql, [jobEnd({ jobId, outcome: 'completed', line: { level: 'info', message } })]);
      });
    } catch (error) {
      this.logger.warn({ err: error, aid, cid }, 'removing a cluster failed, retrying');
      await this.database.query('UPDATE cluster SET removal_next_attempt_at = now() + ms($2) WHERE id = $1', [
        id,
        backoff(failures),
      ]);
    }
  }
}
