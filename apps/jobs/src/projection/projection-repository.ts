import { Injectable } from '@nestjs/common';
import type { JobStatus } from '@runos/api';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { JobUpdate } from './job-update.js';

/** A job whose state or log has changed. */
export interface ChangedJob {
  readonly id: string;
  readonly aid: string;
  readonly seq: number | string;
  readonly status: JobStatus;
}

/** A job whose row an update has changed; `newer`: its state is that of the update. */
interface UpdatedJob extends Record<'id' | 'aid' | 'cid' | 'type' | 'status', string> {
  readonly newer: boolean;
  readonly osid: string | null;
}

/** An open job without a recent update. */
export interface StaleJob {
  readonly id: string;
  readonly aid: string;
}

const updates = `jsonb_to_recordset($1::jsonb) AS n(id uuid, aid text, cid text, osid text, type text, status text,
  seq bigint, "from" bigint, "to" bigint, job jsonb, "workItems" jsonb)`;

const insertMissing = `
  INSERT INTO job (id, aid, cid, osid, type, status, seq, job, work_items)
  SELECT id, aid, cid, osid, type, status, 0, job, "workItems" FROM ${updates} ORDER BY id
  ON CONFLICT DO NOTHING`;

/**
 * Ordered by id, so that two replicas never deadlock. Inserting log lines needs the lock on the job's row, so the order
 * of positions is the order in which lines become readable.
 */
const lockRows = 'SELECT id FROM job WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE';

const updateNewer = `
  WITH merged AS (
    SELECT n.*, n.seq > j.seq AS newer, greatest(n.seq, j.seq) AS last,
           CASE WHEN j.complete_seq >= n."from" - 1 THEN greatest(j.complete_seq, n."to") ELSE j.complete_seq END AS complete
      FROM ${updates} JOIN job j ON j.id = n.id AND j.aid = n.aid)
  UPDATE job j
     SET status = CASE WHEN m.newer THEN m.status ELSE j.status END,
         job = CASE WHEN m.newer THEN m.job ELSE j.job END,
         work_items = CASE WHEN m.newer THEN m."workItems" ELSE j.work_items END,
         seq = m.last, complete_seq = m.complete, updated_at = now(),
         refresh_at = CASE WHEN m.complete < m.last
             OR CASE WHEN m.newer THEN m.status ELSE j.status END IN ('pending', 'running')
           THEN now() + $2 * interval '1 millisecond' END
    FROM merged m
   WHERE j.id = m.id AND (m.newer OR m.complete > j.complete_seq)
  RETURNING j.id, m.newer, j.aid, j.cid, j.osid, j.type, j.status`;

const insertLogLines = `
  INSERT INTO job_log (job_id, work_item_id, id, line)
  SELECT j.id, (l.line->>'workItemId')::uuid, l.line->>'id', l.line
    FROM jsonb_to_recordset($1::jsonb) AS l(n int, "jobId" uuid, aid text, line jsonb)
    JOIN job j ON j.id = l."jobId" AND j.aid = l.aid
   ORDER BY l.n
  ON CONFLICT DO NOTHING RETURNING job_id AS id`;

/** Jobs claimed at once; more wait for the next run. */
const batchSize = 20;

/** Writes the projection of jobs and their logs; `JobRepository` reads it. */
@Injectable()
export class ProjectionRepository {
  /**
   * Writes updates in the transaction of the caller. Without a further update, a job that is open or has a gap is stale
   * after `refreshAfterMs`. Returns the jobs whose state or log has changed, and the rows that were updated.
   */
  async write(
    manager: EntityManager,
    jobUpdates: readonly JobUpdate[],
    refreshAfterMs: number,
  ): Promise<{ changed: ChangedJob[]; updated: UpdatedJob[] }> {
    const rows = JSON.stringify(jobUpdates.map(rowOf));
    await runSql(manager, insertMissing, [rows]);
    await runSql(manager, lockRows, [jobUpdates.map(({ latest }) => latest.job.id)]);
    const updated = await runSql<UpdatedJob>(manager, updateNewer, [rows, refreshAfterMs]);
    const lines = jobUpdates.flatMap(linesOf).map((line, n) => ({ n, ...line }));
    const added =
      lines.length > 0 ? await runSql<{ id: string }>(manager, insertLogLines, [JSON.stringify(lines)]) : [];
    const changed = [...new Set([...updated.filter(({ newer }) => newer), ...added].map(({ id }) => id))];
    if (changed.length === 0) return { changed: [], updated };
    const current = 'SELECT id, aid, seq, status FROM job WHERE id = ANY($1::uuid[])';
    return { changed: await runSql(manager, current, [changed]), updated };
  }

  /**
   * Claims open jobs without a recent update. The interval to the next claim grows with the time since the last update,
   * up to an hour. A job may wait a day for its agent.
   */
  claimStale(manager: EntityManager, refreshAfterMs: number): Promise<StaleJob[]> {
    return runSql(
      manager,
      `UPDATE job SET refresh_at = now() + least(greatest(now() - updated_at, $1 * interval '1 millisecond'), interval '1 hour')
        WHERE id IN (SELECT id FROM job WHERE refresh_at <= now() ORDER BY refresh_at LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
       RETURNING id, aid`,
      [refreshAfterMs],
    );
  }

  /** The job is not claimed as stale any more. */
  async stopRefresh(manager: EntityManager, id: string): Promise<void> {
    await runSql(manager, 'UPDATE job SET refresh_at = NULL WHERE id = $1', [id]);
  }
}

function rowOf({ latest: { job, workItems, seq }, from, to }: JobUpdate) {
  const { id, aid, cid, osid, type, status } = job;
  return { id, aid, cid, osid, type, status, seq, from, to, job, workItems };
}

const linesOf = ({ latest: { job }, logs }: JobUpdate) => logs.map((line) => ({ jobId: job.id, aid: job.aid, line }));
