import { Injectable } from '@nestjs/common';
import type { WorkItem } from '@runos/api';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { jobColumns, type PendingChange } from '../schema/job-row.js';
import { type ChangedJob, publishJobProgress } from './job-progress.js';
import type { AcceptedJob } from './queue-plan.js';
import type { LogLevel } from './work-items.js';

/** The reason of a job in the queue of its instance. */
export const queuedReason = 'Queued';

/** The progress of a queued job; the id of the job before it follows. */
const waitingBehind = 'waiting for the end of job ';

export interface QueuedJob extends AcceptedJob {
  readonly generation: number;
  readonly pending: PendingChange;
  readonly workItems: readonly WorkItem[];
}

/** The first delivery step of a job that leaves the queue. */
export interface StartedJob {
  readonly jobId: string;
  readonly generation: number;
  readonly revision: number;
  readonly workItems: readonly WorkItem[];
  readonly progress: string | null;
  readonly reason: string | null;
  /** The agent is disconnected, so the deadline starts paused. */
  readonly paused: boolean;
  readonly logs: readonly { readonly workItemId: string; readonly level: LogLevel; readonly message: string }[];
}

/** The queued jobs of instances, as rows. Every change holds the lock of the instance. */
@Injectable()
export class JobQueueRepository {
  /**
   * Locks the work of the instances that have a queue, because the lock order is instance, work, job. Also locks the work
   * of the instances that need one of `requiredIds`, because rows of work have one order too.
   */
  async lockWork(
    sql: EntityManager,
    instanceIds: readonly number[],
    requiredIds: readonly number[] = [],
  ): Promise<void> {
    if (instanceIds.length + requiredIds.length === 0) return;
    await runSql(
      sql,
      `SELECT w.id FROM work w WHERE w.id = ANY(ARRAY(
         SELECT j.instance_id FROM job_ref j
         WHERE j.instance_id = ANY($1::bigint[]) AND j.outcome IS NULL AND j.queue_position IS NOT NULL
         UNION SELECT r.instance_id FROM instance_requirement r WHERE r.required_id = ANY($2::bigint[])))
       ORDER BY w.id FOR NO KEY UPDATE`,
      [instanceIds, requiredIds],
    );
  }

  /** The first queued job of an instance, unless another job of it has started. */
  async next(sql: EntityManager, instanceId: number): Promise<QueuedJob | undefined> {
    const [first] = await runSql<QueuedJob>(
      sql,
      `SELECT j.job_id AS "jobId", j.type, j.queue_position AS "queuePosition", j.generation, j.pending,
         j.work_items AS "workItems"
       FROM job_ref j WHERE j.instance_id = $1 AND j.outcome IS NULL AND j.queue_position IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM job_ref s
           WHERE s.instance_id = $1 AND s.outcome IS NULL AND s.queue_position IS NULL)
       ORDER BY j.queue_position LIMIT 1`,
      [instanceId],
    );
    return first;
  }

  /**
   * Gives queued jobs the generations after that of the change which starts before them. Each start then has a higher
   * generation than the one before, and none needs a generation that no write has.
   */
  async renumber(sql: EntityManager, jobIds: readonly string[], generation: number): Promise<void> {
    if (jobIds.length === 0) return;
    await runSql(
      sql,
      `UPDATE job_ref j SET generation = $2 + b.place
       FROM unnest($1::uuid[]) WITH ORDINALITY AS b(job_id, place) WHERE j.job_id = b.job_id AND j.outcome IS NULL`,
      [jobIds, generation],
    );
  }

  /** Takes a job from the queue; its clock starts now. */
  async start(sql: EntityManager, { logs, ...job }: StartedJob, { trace }: PendingChange): Promise<void> {
    const started = await runSql<ChangedJob>(
      sql,
      `WITH started AS (
         UPDATE job_ref j SET queue_position = NULL, pending = NULL, generation = s.generation, revision = s.revision,
           work_items = s."workItems", progress = s.progress, reason = s.reason, current_step = 'deliver',
           deadline_at = now() + CASE WHEN s.paused THEN j.absence_budget ELSE j.timeout END,
           paused_at = CASE WHEN s.paused THEN now() END, seq = j.seq + 1
         FROM jsonb_to_record($1::jsonb) AS s("jobId" uuid, generation int, revision int, "workItems" jsonb,
           progress text, reason text, paused boolean)
         WHERE j.job_id = s."jobId" AND j.outcome IS NULL RETURNING j.*),
       line AS (
         INSERT INTO job_log (job_id, work_item_id, level, message)
         SELECT j.job_id, l."workItemId", l.level, l.message
         FROM started j, jsonb_to_recordset($2::jsonb) AS l("workItemId" uuid, level text, message text) RETURNING *)
       SELECT ${jobColumns}, coalesce((SELECT jsonb_agg(l ORDER BY l.id) FROM line l), '[]') AS logs FROM started j`,
      [JSON.stringify(job), JSON.stringify(logs)],
    );
    await publishJobProgress(sql, started, [{ jobId: job.jobId, trace }]);
  }

  /** Shows why the first queued job cannot start, although no job is before it. */
  async hold(sql: EntityManager, jobId: string, reason: string, progress: string): Promise<void> {
    const held = await runSql<ChangedJob>(
      sql,
      `UPDATE job_ref SET reason = $2, progress = $3, seq = seq + 1
       WHERE job_id = $1 AND outcome IS NULL AND (reason, progress) IS DISTINCT FROM ($2, $3)
       RETURNING ${jobColumns}, '[]'::jsonb AS logs`,
      [jobId, reason, progress],
    );
    await publishJobProgress(sql, held);
  }

  /** Makes each queued job of an instance name the job before it. */
  async describe(sql: EntityManager, instanceId: number): Promise<void> {
    const described = await runSql<ChangedJob>(
      sql,
      `WITH ordered AS (
         SELECT job_id AS behind, lag(job_id) OVER (ORDER BY queue_position NULLS FIRST) AS ahead
         FROM job_ref WHERE instance_id = $1 AND outcome IS NULL)
       UPDATE job_ref j SET progress = $2 || o.ahead::text, seq = j.seq + 1
       FROM ordered o WHERE j.job_id = o.behind AND j.queue_position IS NOT NULL AND o.ahead IS NOT NULL
         AND j.progress IS DISTINCT FROM $2 || o.ahead::text
       RETURNING ${jobColumns}, '[]'::jsonb AS logs`,
      [instanceId, waitingBehind],
    );
    await publishJobProgress(sql, described);
  }
}
