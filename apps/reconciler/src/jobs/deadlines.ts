import { Injectable } from '@nestjs/common';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { Report } from '../status/report.js';
import { endJobs } from './end-jobs.js';
import { type OverdueJob, whyFailed } from './why-failed.js';
import type { Step } from './work-items.js';

interface Overdue {
  readonly job_id: string;
  readonly instance_id: number | null;
}

interface Row extends Overdue {
  readonly osid: string | null;
  readonly cid: string;
  readonly step: Step | null;
  readonly reason: string | null;
  readonly progress: string | null;
  readonly budget_ms: number;
  readonly absent_ms: number | null;
  readonly observed: boolean | null;
  readonly objects: Report['objects'] | null;
  readonly conditions: Report['conditions'] | null;
}

/** How many are read at once; several replicas may fail the same job, and one of them does. */
const atOnce = 100;

/** Fails jobs whose time is over. */
@Injectable()
export class Deadlines {
  constructor(private readonly database: Database) {}

  /** Fails what is overdue; answers when the next deadline is, in ms, if there is one. */
  async run(): Promise<number | undefined> {
    for (let overdue = await this.#overdue(); overdue.length > 0; overdue = await this.#overdue()) {
      for (const job of overdue) await this.database.transaction((sql) => this.#fail(sql, job));
      if (overdue.length < atOnce) break;
    }
    const [{ ms }] = await this.database.query<{ ms: number | null }>(
      'SELECT (extract(epoch FROM min(ends_at) - now()) * 1000)::float8 AS ms FROM job_ref WHERE outcome IS NULL',
    );
    return ms === null ? undefined : Math.max(0, ms);
  }

  #overdue(): Promise<Overdue[]> {
    return this.database.query<Overdue>(
      `SELECT job_id, instance_id FROM job_ref WHERE outcome IS NULL AND ends_at <= now() ORDER BY ends_at LIMIT ${atOnce}`,
    );
  }

  async #fail(sql: EntityManager, { job_id, instance_id }: Overdue): Promise<void> {
    // In the order in which everybody takes them: the instance, then its job.
    if (instance_id !== null) {
      await runSql(sql, 'SELECT id FROM instance WHERE id = $1 FOR NO KEY UPDATE', [instance_id]);
    }
    const [job] = await runSql<Row>(
      sql,
      `SELECT j.job_id, j.instance_id, j.osid, j.cid, j.current_step AS step, j.reason, j.progress,
         (extract(epoch FROM j.budget) * 1000)::float8 AS budget_ms,
         CASE WHEN j.paused_at IS NOT NULL THEN (extract(epoch FROM j.leave) * 1000)::float8 END AS absent_ms,
         i.observed_generation >= j.generation AS observed, i.objects, i.conditions
       FROM job_ref j LEFT JOIN instance i ON i.id = j.instance_id
       WHERE j.job_id = $1 AND j.outcome IS NULL AND j.ends_at <= now()`,
      [job_id],
    );
    if (job === undefined) return;
    const { reason, message } = whyFailed(overdueJob(job));
    const line = { level: 'error', message } as const;
    await endJobs(sql, [{ jobId: job_id, outcome: 'failed', reason, error: message, line }]);
    await runSql(
      sql,
      `UPDATE instance SET state = 'unhealthy', reason = $2, message = $3
       WHERE id = $1 AND state = 'applying' AND $4::float8 IS NULL`,
      [instance_id, reason, message, job.absent_ms],
    );
  }
}

function overdueJob(row: Row): OverdueJob {
  const { osid, cid, step, reason, progress, objects, conditions } = row;
  const report = row.observed === true && objects && conditions ? { objects, conditions } : undefined;
  return { osid, cid, step, reason, progress, report, budgetMs: row.budget_ms, absentForMs: row.absent_ms };
}
