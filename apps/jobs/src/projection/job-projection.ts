import { Injectable } from '@nestjs/common';
import type { JobLog, JobStatus } from '@runos/api';
import { type JobProgress, jobs } from '@runos/contracts';
import { Bus, InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { JobsConfig } from '../config.js';

/** The updates of one job that arrived together: its latest state and all log lines. */
export interface JobUpdate {
  readonly latest: JobProgress;
  /** The first gapless run of sequence numbers: a projection complete to `from - 1` is complete to `to` afterwards. */
  readonly from: number;
  readonly to: number;
  readonly logs: readonly JobLog[];
}

/** Groups updates by job. They may arrive in any order and more than once. */
export function mergeUpdates(received: readonly JobProgress[]): JobUpdate[] {
  const byJob = new Map<string, JobProgress[]>();
  for (const progress of received) byJob.set(progress.job.id, [...(byJob.get(progress.job.id) ?? []), progress]);
  return [...byJob.values()].map(mergeOne);
}

/** A job read from the reconciler: it has no gap. */
export const completeUpdate = (progress: JobProgress): JobUpdate => ({
  latest: progress,
  from: 1,
  to: progress.seq,
  logs: progress.logs,
});

/** @throws Error for an empty list */
function mergeOne(received: readonly JobProgress[]): JobUpdate {
  const inOrder = received.toSorted((a, b) => a.seq - b.seq);
  const [first] = inOrder;
  const latest = inOrder.at(-1);
  if (first === undefined || latest === undefined) throw new Error('an update needs at least one message');
  const from = first.seq;
  const to = inOrder.reduce((reached, { seq }) => (seq === reached + 1 ? seq : reached), from);
  return { latest, from, to, logs: inOrder.flatMap(({ logs }) => logs) };
}

/** A job whose state or log has changed. */
export interface ChangedJob {
  readonly id: string;
  readonly aid: string;
  readonly seq: number | string;
  readonly status: JobStatus;
}

/** Notifies the gateways whose clients follow changed jobs. */
@Injectable()
export class JobChangePublisher {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Best effort: a follower that misses the event reads the job at its next keep-alive. */
  async publish(changed: readonly ChangedJob[]): Promise<void> {
    try {
      for (const { id, aid, seq, status } of changed) {
        await this.bus.publish(jobs.jobChanged, { id, aid, seq: Number(seq), status }, { tenant: aid });
      }
    } catch (error) {
      this.logger.warn({ err: error, jobs: changed.length }, 'job changes not published');
    }
  }
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

interface UpdatedJob extends Record<'id' | 'aid' | 'cid' | 'type' | 'status', string> {
  readonly newer: boolean;
  readonly osid: string | null;
}

/**
 * The projection of the reconciler's jobs. Only a higher `seq` changes a job and a log line is stored once, so late,
 * repeated and reordered updates are harmless. A job never changes its account.
 */
@Injectable()
export class JobProjection {
  constructor(
    private readonly database: Database,
    private readonly changes: JobChangePublisher,
    @InjectConfig() private readonly config: JobsConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Durable when it resolves. Followers are notified of changes afterwards, not of repetitions. */
  async project(updates: readonly JobUpdate[]): Promise<void> {
    if (updates.length === 0) return;
    const { changed, updated } = await this.database.transaction((manager) => this.#write(manager, updates));
    for (const { id: jobId, newer, status, ...job } of updated) {
      if (newer && status !== 'pending' && status !== 'running')
        this.logger.info({ jobId, status, ...job }, 'job ended');
    }
    await this.changes.publish(changed);
  }

  async #write(
    manager: EntityManager,
    jobUpdates: readonly JobUpdate[],
  ): Promise<{ changed: ChangedJob[]; updated: UpdatedJob[] }> {
    const rows = JSON.stringify(jobUpdates.map(rowOf));
    await runSql(manager, insertMissing, [rows]);
    await runSql(manager, lockRows, [jobUpdates.map(({ latest }) => latest.job.id)]);
    const updated = await runSql<UpdatedJob>(manager, updateNewer, [rows, this.config.refreshAfterMs]);
    const lines = jobUpdates.flatMap(linesOf).map((line, n) => ({ n, ...line }));
    const added =
      lines.length > 0 ? await runSql<{ id: string }>(manager, insertLogLines, [JSON.stringify(lines)]) : [];
    const changed = [...new Set([...updated.filter(({ newer }) => newer), ...added].map(({ id }) => id))];
    if (changed.length === 0) return { changed: [], updated };
    const current = 'SELECT id, aid, seq, status FROM job WHERE id = ANY($1::uuid[])';
    return { changed: await runSql(manager, current, [changed]), updated };
  }
}

function rowOf({ latest: { job, workItems, seq }, from, to }: JobUpdate) {
  const { id, aid, cid, osid, type, status } = job;
  return { id, aid, cid, osid, type, status, seq, from, to, job, workItems };
}

const linesOf = ({ latest: { job }, logs }: JobUpdate) => logs.map((line) => ({ jobId: job.id, aid: job.aid, line }));
