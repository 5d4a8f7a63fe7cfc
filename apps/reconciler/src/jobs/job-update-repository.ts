import { Injectable } from '@nestjs/common';
import type { WorkItem } from '@runos/api';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { jobColumns, type LoggedStates } from '../schema/job-row.js';
import type { ChangedJob, TracedChange } from './job-progress.js';
import type { LogLevel } from './work-items.js';

/** The new values of an open job, with its new log lines. */
export interface JobChange extends TracedChange {
  readonly workItems: readonly WorkItem[];
  readonly progress: string | null;
  readonly currentStep: string | null;
  readonly reason: string | null;
  readonly loggedStates: LoggedStates;
  readonly logs: readonly { readonly workItemId: string; readonly level: LogLevel; readonly message: string }[];
}

/** The end of an open job, with the last line of its log. */
export interface JobEnd extends TracedChange {
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  readonly reason?: string;
  readonly error?: string;
  readonly supersededBy?: string;
  readonly line: { readonly level: LogLevel; readonly message: string };
}

/** A job that has ended, with the last line of its log. */
interface EndedJob extends ChangedJob {
  /** An instance of an upgrade wave has waited for its end. */
  readonly settles: boolean;
}

/** Later log lines of a job are dropped, so that no job fills the disk; its end is always logged. */
const maxLogLines = 1_000;

/** `2026-11-28T12:00:00.000Z`, as work items store times. */
const isoNow = `to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Ends the open work items with their job: the first one failed, the later ones never ran. */
const endedWorkItems = `(
  SELECT jsonb_agg(CASE WHEN i.item->>'status' NOT IN ('pending', 'running') THEN i.item ELSE i.item || jsonb_build_object(
      'status', CASE WHEN e.outcome = 'failed' AND i.at > o.first THEN 'cancelled' ELSE e.outcome END,
      'result', CASE WHEN e.outcome = 'failed' AND i.at = o.first THEN e.error END,
      'startedAt', CASE WHEN e.outcome = 'completed' OR i.at = o.first
                     THEN coalesce(i.item->>'startedAt', ${isoNow}) END,
      'completedAt', ${isoNow}) END ORDER BY i.at)
  FROM jsonb_array_elements(j.work_items) WITH ORDINALITY AS i(item, at),
    (SELECT min(x.at) AS first FROM jsonb_array_elements(j.work_items) WITH ORDINALITY AS x(item, at)
     WHERE x.item->>'status' IN ('pending', 'running')) o)`;

/** The work item at which the job ended; the last log line belongs to it. */
const lastWorkItemId = `(
  SELECT i.item->>'id' FROM jsonb_array_elements(j.work_items) WITH ORDINALITY AS i(item, at)
  WHERE j.status = 'completed' OR i.item->>'status' = j.status
  ORDER BY CASE WHEN j.status = 'completed' THEN -i.at ELSE i.at END LIMIT 1)::uuid`;

/** Writes changes and ends of many jobs at once. `JobUpdates` publishes them. */
@Injectable()
export class JobUpdateRepository {
  /**
   * Changes open jobs and adds their log lines; a job that has ended stays as it is. The ids stand in the statement
   * twice: with the records alone the planner reads every open job.
   */
  change(sql: EntityManager, changes: readonly JobChange[]): Promise<ChangedJob[]> {
    return runSql<ChangedJob>(
      sql,
      `WITH change AS (
         SELECT * FROM jsonb_to_recordset($1::jsonb) AS c("jobId" uuid, "workItems" jsonb, progress text,
           "currentStep" text, reason text, "loggedStates" jsonb, logs jsonb)),
       changed AS (
         UPDATE job_ref j SET status = 'running', started_at = coalesce(j.started_at, now()), work_items = c."workItems",
           progress = c.progress, current_step = c."currentStep", reason = c.reason, logged_states = c."loggedStates",
           seq = j.seq + 1, log_lines = j.log_lines + jsonb_array_length(c.logs)
         FROM change c WHERE j.job_id = ANY($3::uuid[]) AND j.job_id = c."jobId" AND j.outcome IS NULL
         RETURNING j.*),
       line AS (
         INSERT INTO job_log (job_id, work_item_id, level, message)
         SELECT j.job_id, l."workItemId", l.level, l.message
         FROM changed j JOIN change c ON c."jobId" = j.job_id,
           jsonb_to_recordset(c.logs) AS l("workItemId" uuid, level text, message text)
         WHERE j.log_lines <= $2 RETURNING *)
       SELECT ${jobColumns}, coalesce((SELECT jsonb_agg(l ORDER BY l.id) FROM line l WHERE l.job_id = j.job_id), '[]') AS logs
       FROM changed j`,
      [JSON.stringify(changes), maxLogLines, changes.map(({ jobId }) => jobId)],
    );
  }

  /**
   * The only statement that ends jobs. `outcome IS NULL` ends each job once, also with concurrent calls. It also
   * writes the end to the instance of the waiting upgrade wave, for a second statement would cost a round trip more. A
   * superseding rollout keeps the target of the upgrade, so the instance waits for that job instead.
   */
  end(sql: EntityManager, ends: readonly JobEnd[]): Promise<EndedJob[]> {
    return runSql<EndedJob>(
      sql,
      `WITH job_end AS (
         SELECT * FROM jsonb_to_recordset($1::jsonb) AS e("jobId" uuid, outcome text, reason text, error text,
           "supersededBy" uuid, line jsonb)),
       ended AS (
         UPDATE job_ref j SET outcome = e.outcome, status = e.outcome, reason = e.reason, error = e.error,
           superseded_by = e."supersededBy", progress = NULL,
           current_step = CASE WHEN e.outcome <> 'completed' THEN j.current_step END, completed_at = now(),
           paused_at = NULL, work_items = ${endedWorkItems}, seq = j.seq + 1
         FROM job_end e WHERE j.job_id = ANY($2::uuid[]) AND j.job_id = e."jobId" AND j.outcome IS NULL
         RETURNING j.*),
       line AS (
         INSERT INTO job_log (job_id, work_item_id, level, message)
         SELECT j.job_id, ${lastWorkItemId}, e.line->>'level', e.line->>'message'
         FROM ended j JOIN job_end e ON e."jobId" = j.job_id RETURNING *),
       settled AS (
         UPDATE upgrade_wave_instance u SET
           state = e.state,
           job_id = CASE WHEN e.state = 'running' THEN e.superseded_by ELSE u.job_id END,
           reason = CASE e.state WHEN 'failed' THEN e.reason WHEN 'skipped' THEN 'Deleting' END,
           message = CASE e.state WHEN 'failed' THEN coalesce(e.error, 'The job was cancelled.')
             WHEN 'skipped' THEN 'It is being deleted.' END
         FROM (
           SELECT j.job_id, j.superseded_by, j.reason, j.error, CASE
               WHEN j.outcome = 'completed' THEN 'completed'
               WHEN j.superseded_by IS NULL THEN 'failed'
               WHEN (SELECT i.deleting FROM instance i WHERE i.id = j.instance_id) THEN 'skipped'
               ELSE 'running' END AS state
           FROM ended j) e
         WHERE u.job_id = ANY($2::uuid[]) AND u.job_id = e.job_id AND u.state = 'running'
         RETURNING e.job_id AS settled_job_id)
       SELECT ${jobColumns}, coalesce((SELECT jsonb_agg(l ORDER BY l.id) FROM line l WHERE l.job_id = j.job_id), '[]') AS logs,
         EXISTS (SELECT 1 FROM settled s WHERE s.settled_job_id = j.job_id) AS settles
       FROM ended j`,
      [JSON.stringify(ends), ends.map(({ jobId }) => jobId)],
    );
  }
}
