import type { WorkItem } from '@runos/api';
import type { Carrier } from '@runos/observability';
import type { EntityManager } from 'typeorm';
import type { LogLevel, SeenObjects } from './job-of-report.js';
import { tellJobs } from './tell-jobs.js';

export interface JobLine {
  readonly workItemId: string;
  readonly level: LogLevel;
  readonly message: string;
}

/** How an open job goes on. What it does not name stays as it is. */
export interface JobChange {
  readonly jobId: string;
  readonly workItems: readonly WorkItem[];
  readonly progress: string | null;
  readonly currentStep: string | null;
  readonly reason: string | null;
  readonly seen: SeenObjects;
  readonly logs: readonly JobLine[];
  /** Of what changed it, where that is not the current one. */
  readonly trace?: Carrier;
}

/** A job that says the same thing for ever must not fill the disk: later lines are dropped, the end is still told. */
const maxLines = 1_000;

/**
 * Writes how open jobs go on, with their log lines and the news for the jobs service, as one statement. The ids stand
 * in it twice: by the records alone the planner reads every open job.
 */
export async function changeJobs(sql: EntityManager, changes: readonly JobChange[]): Promise<void> {
  if (changes.length === 0) return;
  await tellJobs(
    sql,
    `want AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS w("jobId" uuid, "workItems" jsonb, progress text,
         "currentStep" text, reason text, seen jsonb, logs jsonb)),
     changed AS (
       UPDATE job_ref j SET status = 'running', started_at = coalesce(j.started_at, now()), work_items = w."workItems",
         progress = w.progress, current_step = w."currentStep", reason = w.reason, seen = w.seen, seq = j.seq + 1,
         lines = j.lines + jsonb_array_length(w.logs)
       FROM want w WHERE j.job_id = ANY($3::uuid[]) AND j.job_id = w."jobId" AND j.outcome IS NULL RETURNING j.*),
     written AS (
       INSERT INTO job_log (job_id, work_item_id, level, message)
       SELECT c.job_id, l."workItemId", l.level, l.message
       FROM changed c JOIN want w ON w."jobId" = c.job_id,
         jsonb_to_recordset(w.logs) AS l("workItemId" uuid, level text, message text)
       WHERE c.lines <= $2 RETURNING *)`,
    [JSON.stringify(changes), maxLines, changes.map(({ jobId }) => jobId)],
    { traces: changes },
  );
}
