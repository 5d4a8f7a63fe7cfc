import { Injectable } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { exponentialBackoff } from '@runos/engine';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database, runSql } from '@runos/persistence';
import { endJobs } from '../jobs/end-jobs.js';

interface Removal {
  readonly id: number;
  readonly aid: string;
  readonly cid: string;
  readonly job: string;
  readonly failures: number;
}

/** A replica that dies while it removes a cluster is followed by another after this, ms. */
const leaseMs = 30_000;
const backoff = exponentialBackoff({ firstMs: 1_000, maxMs: 60_000 });

/** Removes deleted clusters: first what their agents could come back with, then the rows. */
@Injectable()
export class RemoveClusters {
  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Removes what is due; answers when the next one is, in ms, if there is one. */
  async run(): Promise<number | undefined> {
    for (let next = await this.#claim(); next !== undefined; next = await this.#claim()) await this.#remove(next);
    const [{ ms }] = await this.database.query<{ ms: number | null }>(
      'SELECT (extract(epoch FROM min(removal_due_at) - now()) * 1000)::float8 AS ms FROM cluster WHERE removal_due_at IS NOT NULL',
    );
    return ms ?? undefined;
  }

  async #claim(): Promise<Removal | undefined> {
    const [claimed] = await this.database.query<Removal>(
      `UPDATE cluster SET removal_due_at = now() + ms($1), removal_failures = removal_failures + 1
       WHERE id = (SELECT id FROM cluster WHERE removal_due_at <= now() ORDER BY removal_due_at LIMIT 1
                   FOR NO KEY UPDATE SKIP LOCKED)
       RETURNING id, aid, cid, removal_job AS job, removal_failures AS failures`,
      [leaseMs],
    );
    return claimed;
  }

  async #remove({ id, aid, cid, job, failures }: Removal): Promise<void> {
    try {
      await this.bus.request(agentGateway.revokeCluster, { cid }, { tenant: aid });
      await this.database.transaction(async (sql) => {
        const line = {
          level: 'info',
          message: `Cluster ${cid}, its nodes and their certificates are removed.`,
        } as const;
        await runSql(sql, 'DELETE FROM cluster WHERE id = $1', [id]);
        await endJobs(sql, [{ jobId: job, outcome: 'completed', reason: null, error: null, line }]);
      });
    } catch (error) {
      this.logger.warn({ err: error, aid, cid }, 'a cluster could not be removed yet');
      await this.database.query('UPDATE cluster SET removal_due_at = now() + ms($2) WHERE id = $1', [
        id,
        backoff(failures),
      ]);
    }
  }
}
