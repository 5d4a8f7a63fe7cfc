import { type Carrier, durations } from '@runos/observability';
import { afterCommit } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { isoTime } from './job-json.js';
import type { LogLevel } from './job-of-report.js';
import { tellJobs } from './tell-jobs.js';

export interface JobEnd {
  readonly jobId: string;
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  readonly reason: string | null;
  readonly error: string | null;
  readonly supersededBy?: string;
  /** Of what ended it, where that is not the current one. */
  readonly trace?: Carrier;
  /** The last line of its log. */
  readonly line: { readonly level: LogLevel; readonly message: string };
}

const duration = durations('runos_job_duration_seconds');

interface Ended {
  readonly job_id: string;
  readonly type: string;
  readonly outcome: JobEnd['outcome'];
  readonly ms: number;
}

/** Steps that were still open end with their job: the one it failed at has failed, what follows never ran. */
const endedItems = `(
  SELECT jsonb_agg(CASE WHEN i.item->>'status' NOT IN ('pending', 'running') THEN i.item ELSE i.item || jsonb_build_object(
      'status', CASE WHEN w.outcome = 'failed' AND i.at > o.first THEN 'cancelled' ELSE w.outcome END,
      'result', CASE WHEN w.outcome = 'failed' AND i.at = o.first THEN w.error END,
      'startedAt', CASE WHEN w.outcome = 'completed' OR i.at = o.first
                     THEN coalesce(i.item->>'startedAt', ${isoTime('now()')}) END,
      'completedAt', ${isoTime('now()')}) END ORDER BY i.at)
  FROM jsonb_array_elements(j.work_items) WITH ORDINALITY AS i(item, at),
    (SELECT min(x.at) AS first FROM jsonb_array_elements(j.work_items) WITH ORDINALITY AS x(item, at)
     WHERE x.item->>'status' IN ('pending', 'running')) o)`;

/** The step the last line belongs to: the one the job ended at. */
const lastItem = `(
  SELECT i.item->>'id' FROM jsonb_array_elements(e.work_items) WITH ORDINALITY AS i(item, at)
  WHERE e.outcome = 'completed' OR i.item->>'status' = e.outcome
  ORDER BY CASE WHEN e.outcome = 'completed' THEN -i.at ELSE i.at END LIMIT 1)::uuid`;

/**
 * Ends jobs, each at most once whoever else tries at the same time: the one statement by which any job ends, to be run
 * in the transaction that causes the end. Answers the ids of those that it ended. The ids stand in it twice: by the
 * records alone the planner reads every open job.
 */
export async function endJobs(sql: EntityManager, ends: readonly JobEnd[]): Promise<string[]> {
  if (ends.length === 0) return [];
  const ended = await tellJobs<Ended>(
    sql,
    `want AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS w("jobId" uuid, outcome text, reason text, error text,
         "supersededBy" uuid, line jsonb)),
     changed AS (
       UPDATE job_ref j SET outcome = w.outcome, status = w.outcome, reason = w.reason, error = w.error,
         superseded_by = w."supersededBy", progress = NULL,
         current_step = CASE WHEN w.outcome <> 'completed' THEN j.current_step END, completed_at = now(), paused_at = NULL,
         work_items = ${endedItems}, seq = j.seq + 1
       FROM want w WHERE j.job_id = ANY($2::uuid[]) AND j.job_id = w."jobId" AND j.outcome IS NULL RETURNING j.*),
     written AS (
       INSERT INTO job_log (job_id, work_item_id, level, message)
       SELECT e.job_id, ${lastItem}, w.line->>'level', w.line->>'message'
       FROM changed e JOIN want w ON w."jobId" = e.job_id RETURNING *)`,
    [JSON.stringify(ends), ends.map(({ jobId }) => jobId)],
    {
      answer: `SELECT job_id, type, outcome, (extract(epoch FROM completed_at - created_at) * 1000)::float8 AS ms
        FROM changed`,
      traces: ends,
    },
  );
  afterCommit(sql, () => ended.forEach(({ type, outcome, ms }) => duration.record(ms, { type, outcome })));
  return ended.map((job) => job.job_id);
}
