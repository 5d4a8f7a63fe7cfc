import { Injectable } from '@nestjs/common';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { BundleReport } from '../bundle-status/bundle-report.js';
import { deadlineFailure, type OverdueJob } from './deadline-failure.js';
import { jobEnd, JobUpdates } from './job-updates.js';
import type { Step } from './work-items.js';

interface Overdue {
  readonly job_id: string;
  readonly instance_id: number | null;
}

interface OverdueRow extends Overdue {
  readonly osid: string | null;
  readonly cid: string;
  readonly step: Step | null;
  readonly reason: string | null;
  readonly progress: string | null;
  readonly timeout_ms: number;
  readonly absent_ms: number | null;
  readonly observed: boolean | null;
  readonly objects: BundleReport['objects'] | null;
  readonly conditions: BundleReport['conditions'] | null;
}

/** Jobs read by one statement. Several replicas may read the same job; one of them fails it. */
const pageSize = 100;

/** Fails the jobs whose deadline has passed. */
@Injectable()
export class JobDeadlines {
  constructor(
    private readonly database: Database,
    private readonly jobs: JobUpdates,
  ) {}

  /** Returns the time until the next deadline, ms, if there is one. */
  async run(): Promise<number | undefined> {
    for (let overdue = await this.#overdue(); overdue.length > 0; overdue = await this.#overdue()) {
      for (const job of overdue) await this.database.transaction((sql) => this.#fail(sql, job));
      if (overdue.length < pageSize) break;
    }
    const [next] = await this.database.query<{ ms: number | null }>(
      'SELECT (extract(epoch FROM min(deadline_at) - now()) * 1000)::float8 AS ms FROM job_ref WHERE outcome IS NULL',
    );
    return next === undefined || next.ms === null ? undefined : Math.max(0, next.ms);
  }

  #overdue(): Promise<Overdue[]> {
    return this.database.query<Overdue>(
      `SELECT job_id, instance_id FROM job_ref WHERE outcome IS NULL AND deadline_at <= now()
       ORDER BY deadline_at LIMIT ${pageSize}`,
    );
  }

  async #fail(sql: EntityManager, { job_id: jobId, instance_id: instanceId }: Overdue): Promise<void> {
    // Lock order: the instance, then its job.
    if (instanceId !== null) {
      await runSql(sql, 'SELECT id FROM instance WHERE id = $1 FOR NO KEY UPDATE', [instanceId]);
    }
    const [job] = await runSql<OverdueRow>(
      sql,
      `SELECT j.job_id, j.instance_id, j.osid, j.cid, j.current_step AS step, j.reason, j.progress,
         (extract(epoch FROM j.timeout) * 1000)::float8 AS timeout_ms,
         CASE WHEN j.paused_at IS NOT NULL THEN (extract(epoch FROM j.absence_budget) * 1000)::float8 END AS absent_ms,
         i.observed_generation >= j.generation AS observed, i.objects, i.conditions
       FROM job_ref j LEFT JOIN instance i ON i.id = j.instance_id
       WHERE j.job_id = $1 AND j.outcome IS NULL AND j.deadline_at <= now()`,
      [jobId],
    );
    if (job === undefined) return;
    const { reason, message } = deadlineFailure(overdueJob(job));
    const line = { level: 'error', message } as const;
    await this.jobs.end(sql, [jobEnd({ jobId, outcome: 'failed', reason, error: message, line })]);
    await runSql(
      sql,
      `UPDATE instance SET state = 'unhealthy', reason = $2, message = $3
       WHERE id = $1 AND state = 'applying' AND $4::float8 IS NULL`,
      [instanceId, reason, message, job.absent_ms],
    );
  }
}

function overdueJob(row: OverdueRow): OverdueJob {
  const { osid, cid, step, reason, progress, objects, conditions } = row;
  const report = row.observed === true && objects && conditions ? { objects, conditions } : undefined;
  return { osid, cid, step, reason, progress, report, timeoutMs: row.timeout_ms, absentForMs: row.absent_ms };
}
