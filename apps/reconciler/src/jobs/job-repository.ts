import { Injectable } from '@nestjs/common';
import type { Job, WorkItem } from '@runos/api';
import type { JobProgress } from '@runos/contracts';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { BundleReport } from '../bundle-status/bundle-report.js';
import { jobColumns, type OpenJob, type PendingChange } from '../schema/job-row.js';
import { type ChangedJob, jobProgress, publishJobProgress } from './job-progress.js';
import type { AcceptedJob } from './queue-plan.js';
import type { JobKind, LogLine, Step } from './work-items.js';

export interface NewJob {
  readonly jobId: string;
  readonly aid: string;
  readonly cid: string;
  readonly clusterId: number;
  readonly instanceId: number | null;
  readonly osid: string | null;
  readonly type: Job['type'];
  readonly kind: JobKind;
  readonly generation: number;
  readonly revision: number;
  readonly workItems: readonly WorkItem[];
  readonly firstStep: Step | null;
  /** Its place in the queue of its instance; null for a job that starts now. */
  readonly queuePosition: number | null;
  readonly pending: PendingChange | null;
  readonly progress: string | null;
  readonly reason: string | null;
  readonly timeoutMs: number;
  readonly absenceBudgetMs: number;
  /** The agent is disconnected, so the deadline starts paused. */
  readonly paused: boolean;
  readonly logs: readonly LogLine[];
  /** The failed job whose change this one takes back by itself. */
  readonly rollsBack?: string | undefined;
}

/** A job as its cancellation reads it. */
export interface CancellableJobRow {
  readonly job_id: string;
  readonly cid: string;
  readonly osid: string | null;
  readonly type: Job['type'];
  readonly status: Job['status'];
  readonly outcome: Job['status'] | null;
  readonly revision: number;
  readonly queued: boolean;
}

/** A job after its deadline, with the last observed status of its instance. */
export interface OverdueJobRow {
  readonly osid: string | null;
  readonly cid: string;
  readonly type: Job['type'];
  readonly revision: number;
  readonly rolls_back: string | null;
  readonly step: Step | null;
  readonly reason: string | null;
  readonly progress: string | null;
  readonly timeout_ms: number;
  /** The absence budget, if the deadline was paused. */
  readonly absent_ms: number | null;
  readonly observed: boolean | null;
  readonly objects: BundleReport['objects'] | null;
  readonly conditions: BundleReport['conditions'] | null;
  readonly ready_revision: number | null;
  readonly ready_replicas: number | null;
  readonly desired_replicas: number | null;
  readonly outdated_replicas: number | null;
}

/** The columns of `OpenJob`. */
const openJobColumns = `job_id AS "jobId", kind, generation, revision, work_items AS "workItems", progress,
  current_step AS "currentStep", reason, logged_states AS "loggedStates", paused_at IS NOT NULL AS paused,
  clock_timestamp() AS now`;

/** Inserts and reads jobs. `JobUpdateRepository` writes their changes and ends, `PausedDeadlineRepository` their pauses. */
@Injectable()
export class JobRepository {
  constructor(private readonly database: Database) {}

  /** Inserts a job with its first log lines, and publishes it by the outbox. */
  async create(sql: EntityManager, { logs, ...job }: NewJob): Promise<JobProgress> {
    const itemIds = new Map<string, string>(job.workItems.map(({ name, id }) => [name, id]));
    const lines = logs.map(({ step, level, message }) => ({ workItemId: itemIds.get(step), level, message }));
    const [created] = await runSql<ChangedJob>(
      sql,
      `WITH created AS (
         INSERT INTO job_ref (job_id, aid, cid, cluster_id, instance_id, osid, type, kind, generation, revision, status,
           progress, current_step, reason, work_items, timeout, timeout_left, absence_budget, absence_budget_left,
           deadline_at, paused_at, queue_position, pending, rolls_back)
         SELECT n."jobId", n.aid, n.cid, n."clusterId", n."instanceId", n.osid, n.type, n.kind, n.generation, n.revision,
           'pending', n.progress, n."firstStep", n.reason, n."workItems", ms(n."timeoutMs"), ms(n."timeoutMs"),
           ms(n."absenceBudgetMs"), ms(n."absenceBudgetMs"),
           CASE WHEN n."queuePosition" IS NULL
             THEN now() + ms(CASE WHEN n.paused THEN n."absenceBudgetMs" ELSE n."timeoutMs" END) END,
           CASE WHEN n.paused THEN now() END, n."queuePosition", n.pending, n."rollsBack"
         FROM jsonb_to_record($1::jsonb) AS n("jobId" uuid, aid text, cid text, "clusterId" bigint, "instanceId" bigint,
           osid text, type text, kind text, generation int, revision int, "workItems" jsonb, "firstStep" text,
           progress text, reason text, "timeoutMs" float8, "absenceBudgetMs" float8, paused boolean,
           "queuePosition" int, pending jsonb, "rollsBack" uuid)
         RETURNING ${jobColumns}),
       line AS (
         INSERT INTO job_log (job_id, work_item_id, level, message)
         SELECT c.job_id, l."workItemId", l.level, l.message
         FROM created c, jsonb_to_recordset($2::jsonb) AS l("workItemId" uuid, level text, message text)
         RETURNING id, work_item_id, level, message, created_at)
       SELECT c.*, coalesce((SELECT jsonb_agg(l ORDER BY l.id) FROM line l), '[]') AS logs FROM created c`,
      [JSON.stringify(job), JSON.stringify(lines)],
    );
    if (created === undefined) throw new Error(`job ${job.jobId} was not inserted`);
    await publishJobProgress(sql, [created]);
    return jobProgress(created);
  }

  /** The open job of this id, locked until the end of the transaction. */
  async lockOpenById(sql: EntityManager, jobId: string): Promise<OpenJob | undefined> {
    const [open] = await runSql<OpenJob>(
      sql,
      `SELECT ${openJobColumns} FROM job_ref WHERE job_id = $1 AND outcome IS NULL FOR NO KEY UPDATE`,
      [jobId],
    );
    return open;
  }

  /** The started jobs of these instances by instance id, locked until the end of the transaction. */
  async lockOpen(sql: EntityManager, instanceIds: readonly number[]): Promise<ReadonlyMap<number, OpenJob>> {
    const open = await runSql<OpenJob & { readonly instanceId: number }>(
      sql,
      `SELECT instance_id AS "instanceId", ${openJobColumns} FROM job_ref WHERE instance_id = ANY($1::bigint[]) AND outcome IS NULL AND queue_position IS NULL
       ORDER BY job_id FOR NO KEY UPDATE`,
      [instanceIds],
    );
    return new Map(open.map((job) => [job.instanceId, job]));
  }

  /** The started job of a locked instance, if there is one, then its queued jobs in order. */
  listOpen(sql: EntityManager, instanceId: number): Promise<AcceptedJob[]> {
    return runSql<AcceptedJob>(
      sql,
      `SELECT job_id AS "jobId", type, queue_position AS "queuePosition" FROM job_ref
       WHERE instance_id = $1 AND outcome IS NULL ORDER BY queue_position NULLS FIRST`,
      [instanceId],
    );
  }

  /** The instances among these with an open job. */
  async listBusy(sql: EntityManager, instanceIds: readonly number[]): Promise<number[]> {
    const busy = await runSql<{ id: number }>(
      sql,
      'SELECT DISTINCT instance_id AS id FROM job_ref WHERE instance_id = ANY($1::bigint[]) AND outcome IS NULL',
      [instanceIds],
    );
    return busy.map(({ id }) => id);
  }

  /** A job with all its log lines, if it belongs to one of these accounts. */
  async read(id: string, aids: readonly string[]): Promise<JobProgress | undefined> {
    const [found] = await this.database.query<ChangedJob>(
      `SELECT ${jobColumns},
         coalesce((SELECT jsonb_agg(l ORDER BY l.id) FROM job_log l WHERE l.job_id = j.job_id), '[]') AS logs
       FROM job_ref j WHERE j.job_id = $1 AND j.aid = ANY($2)`,
      [id, aids],
    );
    return found && jobProgress(found);
  }

  async findCancellable(sql: EntityManager, id: string, tenant: string): Promise<CancellableJobRow | undefined> {
    const [found] = await runSql<CancellableJobRow>(
      sql,
      `SELECT job_id, cid, osid, type, status, outcome, revision, queue_position IS NOT NULL AS queued
       FROM job_ref WHERE aid = $1 AND job_id = $2`,
      [tenant, id],
    );
    return found;
  }

  /** Open jobs after their deadline, the most overdue first. */
  /** `except`: jobs that are left out. */
  listOverdue(
    sql: EntityManager,
    limit: number,
    except: readonly string[],
  ): Promise<{ jobId: string; instanceId: number | null }[]> {
    return runSql(
      sql,
      `SELECT job_id AS "jobId", instance_id AS "instanceId" FROM job_ref
       WHERE outcome IS NULL AND deadline_at <= now() AND job_id <> ALL($2) ORDER BY deadline_at LIMIT $1`,
      [limit, except],
    );
  }

  /** Undefined when the job has ended, or when its deadline has moved. */
  async readOverdue(sql: EntityManager, jobId: string): Promise<OverdueJobRow | undefined> {
    const [job] = await runSql<OverdueJobRow>(
      sql,
      `SELECT j.osid, j.cid, j.type, j.revision, j.rolls_back, j.current_step AS step, j.reason, j.progress,
         (extract(epoch FROM j.timeout) * 1000)::float8 AS timeout_ms,
         CASE WHEN j.paused_at IS NOT NULL THEN (extract(epoch FROM j.absence_budget) * 1000)::float8 END AS absent_ms,
         i.observed_generation >= j.generation AS observed, i.objects, i.conditions,
         i.ready_revision, i.ready_replicas, i.desired_replicas, i.outdated_replicas
       FROM job_ref j LEFT JOIN instance i ON i.id = j.instance_id
       WHERE j.job_id = $1 AND j.outcome IS NULL AND j.deadline_at <= now()`,
      [jobId],
    );
    return job;
  }

  /** The time until the next deadline of an open job, ms; undefined without open jobs. */
  async nextDeadlineInMs(sql: EntityManager): Promise<number | undefined> {
    const [next] = await runSql<{ ms: number | null }>(
      sql,
      'SELECT (extract(epoch FROM min(deadline_at) - now()) * 1000)::float8 AS ms FROM job_ref WHERE outcome IS NULL',
    );
    return next === undefined || next.ms === null ? undefined : Math.max(0, next.ms);
  }
}
