import { Injectable } from '@nestjs/common';
import type { Job, JobLog, ListJobs, WorkItem } from '@runos/api';
import { Fault } from '@runos/kernel';
import {
  type RetentionBatch,
  runSql,
  type TenantCondition,
  TenantRepository,
  type TenantScope,
} from '@runos/persistence';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';

/** A job as last received from the reconciler. The columns beside `job` are the filters of lists. */
@Entity('job')
export class JobRow {
  @PrimaryColumn({ type: 'uuid' }) id: string;
  @Column({ type: 'text' }) aid: string;
  @Column({ type: 'text', nullable: true }) cid: string | null;
  @Column({ type: 'text', nullable: true }) osid: string | null;
  @Column({ type: 'text' }) type: string;
  @Column({ type: 'text' }) status: string;
  @Column({ type: 'bigint' }) seq: string;
  @Column({ type: 'jsonb' }) job: Job;
  @Column({ type: 'jsonb' }) work_items: WorkItem[];
}

/** Fixed, so that cursors also sort as text. */
const cursorWidth = 15;

const encodeLogCursor = (position: number): string => String(position).padStart(cursorWidth, '0');

/** @throws Fault `request.invalid` for an invalid cursor */
export function parseLogCursor(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after);
  const message = `${JSON.stringify(after)} is not the nextCursor or the id of a log line`;
  throw new Fault('request.invalid', `after: ${message}; leave it out to start at the first line.`, {
    issues: [{ path: 'after', message }],
  });
}

export interface StoredJob {
  readonly job: Job;
  readonly workItems: WorkItem[];
}

/** A job is looked up in all accounts of the caller: the statement lists them. */
const callersAccounts: TenantScope = { everyTenantBecause: 'the statement is bound to the accounts of the caller' };

/** Jobs per transaction. Their log lines are deleted with them. */
const deletedBatchSize = 500;

/** The position before the first job: an update time and an id. */
const beforeFirst = '-infinity/00000000-0000-0000-0000-000000000000';

/** The job `j` has not changed for `$1` ms and is not refreshed any more: it has ended, or the reconciler has lost it. */
const isExpired = `j.refresh_at IS NULL AND j.updated_at < now() - $1 * interval '1 ms'`;

/**
 * The last job of an instance stays, because it explains the state of the instance. A completed deletion is the last job
 * of no instance.
 */
const isReplaced = `(j.osid IS NULL OR (j.type IN ('service.delete', 'app.delete') AND j.status = 'completed')
  OR EXISTS (SELECT 1 FROM job n WHERE n.aid = j.aid AND n.osid = j.osid AND n.id > j.id))`;

/** The jobs that stay are read once per run: each batch starts behind the one before it. */
const deleteBatch = `
  WITH candidate AS MATERIALIZED (
    SELECT j.id, j.updated_at FROM job j
    WHERE ${isExpired} AND (j.updated_at, j.id) > ($2::timestamptz, $3::uuid)
    ORDER BY j.updated_at, j.id LIMIT ${deletedBatchSize} FOR UPDATE SKIP LOCKED),
  deleted AS (DELETE FROM job j USING candidate c WHERE j.id = c.id AND ${isReplaced} RETURNING 1)
  SELECT (SELECT count(*)::int FROM candidate) AS candidates, (SELECT count(*)::int FROM deleted) AS deleted,
    (SELECT updated_at || '/' || id FROM candidate ORDER BY updated_at DESC, id DESC LIMIT 1) AS last`;

interface DeletedBatch {
  readonly candidates: number;
  readonly deleted: number;
  readonly last: string | null;
}

/** Reads the projection of jobs and deletes from it; `ProjectionRepository` writes it. */
@Injectable()
export class JobRepository extends TenantRepository<JobRow> {
  constructor() {
    super(JobRow);
  }

  /** Newest first; one more than `limit` when there are more. */
  async list(manager: EntityManager, tenant: string, query: z.output<typeof ListJobs>): Promise<Job[]> {
    const { limit, cursor, ...filters } = query;
    const values: unknown[] = [limit + 1];
    const bind = (value: unknown) => `$${values.push(value)}`;
    const conditions = (['status', 'type', 'cid', 'osid'] as const)
      .filter((column) => filters[column] !== undefined)
      .map((column) => `${column} = ${bind(filters[column])}`);
    if (cursor !== undefined) conditions.push(`id < ${bind(cursor)}::uuid`);
    const statement = (condition: TenantCondition) =>
      `SELECT job FROM job WHERE ${[condition('aid'), ...conditions].join(' AND ')} ORDER BY id DESC LIMIT $1`;
    return (await this.query<{ job: Job }>(manager, { tenant }, statement, values)).map(({ job }) => job);
  }

  /** A job of one of these accounts. */
  async findJob(manager: EntityManager, id: string, aids: readonly string[]): Promise<StoredJob | undefined> {
    const statement = (condition: TenantCondition) =>
      `SELECT job, work_items AS "workItems" FROM job WHERE ${condition('aid')} AND id = $1 AND aid = ANY($2)`;
    return (await this.query<StoredJob>(manager, callersAccounts, statement, [id, aids]))[0];
  }

  /** Log lines of one step after a position, in the order in which they became readable. Their id is their position. */
  async logs(
    manager: EntityManager,
    jobId: string,
    workItemId: string,
    after: number,
    limit: number,
  ): Promise<JobLog[]> {
    const statement = (condition: TenantCondition) => `
      SELECT line, position FROM job_log
       WHERE ${condition('aid')} AND job_id = $1 AND work_item_id = $2 AND position > $3 ORDER BY position LIMIT $4`;
    const scope: TenantScope = { everyTenantBecause: 'the job was found among the accounts of the caller' };
    const values = [jobId, workItemId, after, limit];
    const rows = await this.query<{ line: JobLog; position: number }>(manager, scope, statement, values);
    return rows.map(({ line, position }) => ({ ...line, id: encodeLogCursor(position) }));
  }

  /**
   * Deletes one batch of the jobs, with their log lines, that have not changed for `keepMs`, except the last one of each
   * instance. `after` is the `next` of the batch before it.
   */
  async deleteExpired(manager: EntityManager, keepMs: number, after = beforeFirst): Promise<RetentionBatch> {
    const [batch] = await runSql<DeletedBatch>(manager, deleteBatch, [keepMs, ...after.split('/')]);
    if (batch === undefined) throw new Error('the deletion of expired jobs returned no row');
    const { candidates, deleted, last } = batch;
    return { deleted, next: candidates === deletedBatchSize ? (last ?? undefined) : undefined };
  }
}
