import { Injectable } from '@nestjs/common';
import { jobs, type JobProgress } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

interface Changed {
  readonly id: string;
  readonly aid: string;
  readonly seq: string;
  readonly status: JobProgress['job']['status'];
}

/**
 * Keeps how jobs stand, as the reconciler tells it. Of one job only a higher `seq` counts, and a log line counts once,
 * so whatever comes late, twice or out of order does no harm.
 */
@Injectable()
export class JobProjection {
  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Durable when it resolves; those who follow the changed jobs are woken then. */
  async apply(told: readonly JobProgress[]): Promise<void> {
    if (told.length === 0) return;
    const changed = await this.database.transaction(async (manager) => {
      const rows = await this.#upsert(manager, newest(told));
      await this.#addLogs(manager, told);
      return rows;
    });
    await Promise.all(changed.map((job) => this.#wakeFollowers(job)));
  }

  /** In the order of ids, so that two replicas with the same jobs never wait for each other in a circle. */
  #upsert(manager: EntityManager, told: readonly JobProgress[]): Promise<Changed[]> {
    return runSql<Changed>(
      manager,
      `INSERT INTO job (id, aid, cid, osid, type, status, seq, job, work_items)
       SELECT (t->'job'->>'id')::uuid, t->'job'->>'aid', t->'job'->>'cid', t->'job'->>'osid', t->'job'->>'type',
              t->'job'->>'status', (t->>'seq')::bigint, t->'job', t->'workItems'
         FROM jsonb_array_elements($1::jsonb) t ORDER BY 1
       ON CONFLICT (id) DO UPDATE
          SET status = excluded.status, seq = excluded.seq, job = excluded.job, work_items = excluded.work_items
        WHERE job.seq < excluded.seq
       RETURNING id, aid, seq, status`,
      [JSON.stringify(told.map(({ seq, job, workItems }) => ({ seq, job, workItems })))],
    );
  }

  async #addLogs(manager: EntityManager, told: readonly JobProgress[]): Promise<void> {
    const lines = told.flatMap(({ job, logs }) => logs.map((line) => ({ jobId: job.id, line })));
    if (lines.length === 0) return;
    await runSql(
      manager,
      `INSERT INTO job_log (job_id, work_item_id, id, line)
       SELECT (t->>'jobId')::uuid, (t->'line'->>'workItemId')::uuid, t->'line'->>'id', t->'line'
         FROM jsonb_array_elements($1::jsonb) t ORDER BY 1, 2, 3
       ON CONFLICT DO NOTHING`,
      [JSON.stringify(lines)],
    );
  }

  /** What is not heard is read at the followers' next slow look. */
  async #wakeFollowers({ id, aid, seq, status }: Changed): Promise<void> {
    try {
      await this.bus.tell(jobs.jobChanged, { id, aid, seq: Number(seq), status }, { tenant: aid });
    } catch (error) {
      this.logger.warn({ err: error, job: id }, 'followers of a job could not be woken');
    }
  }
}

/** One statement touches a row once: of several words about one job the newest. */
function newest(told: readonly JobProgress[]): JobProgress[] {
  const byId = new Map<string, JobProgress>();
  for (const progress of told) {
    const known = byId.get(progress.job.id);
    if (known === undefined || known.seq < progress.seq) byId.set(progress.job.id, progress);
  }
  return [...byId.values()];
}
