import { Injectable } from '@nestjs/common';
import type { Job, JobLog, ListJobs, WorkItem } from '@runos/api';
import { type TenantScope, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { JobRow } from '../schema/job-row.js';
import { encodeLogCursor } from './log-cursor.js';

export interface StoredJob {
  readonly job: Job;
  readonly workItems: WorkItem[];
}

/** A job is looked up in all accounts of the caller: the statement lists them. */
const callersAccounts: TenantScope = { everyTenantBecause: 'the statement is bound to the accounts of the caller' };

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
    let text: `${string}{tenant}${string}` = 'SELECT job FROM job WHERE {tenant}';
    for (const column of ['status', 'type', 'cid', 'osid'] as const) {
      if (filters[column] !== undefined) text = `${text} AND ${column} = ${bind(filters[column])}`;
    }
    if (cursor !== undefined) text = `${text} AND id < ${bind(cursor)}::uuid`;
    const page = `${text} ORDER BY id DESC LIMIT $1` as const;
    return (await this.query<{ job: Job }>(manager, { tenant }, page, values)).map(({ job }) => job);
  }

  /** A job of one of these accounts. */
  async findJob(manager: EntityManager, id: string, aids: readonly string[]): Promise<StoredJob | undefined> {
    const text = 'SELECT job, work_items AS "workItems" FROM job WHERE {tenant} AND id = $1 AND aid = ANY($2)' as const;
    return (await this.query<StoredJob>(manager, callersAccounts, text, [id, aids]))[0];
  }

  /** Log lines of one step after a position, in the order in which they became readable. Their id is their position. */
  async logs(
    manager: EntityManager,
    jobId: string,
    workItemId: string,
    after: number,
    limit: number,
  ): Promise<JobLog[]> {
    const text =
      `SELECT line, position FROM job_log WHERE {tenant} AND job_id = $1 AND work_item_id = $2 AND position > $3
                   ORDER BY position LIMIT $4` as const;
    const scope: TenantScope = { everyTenantBecause: 'the job was found among the accounts of the caller' };
    const values = [jobId, workItemId, after, limit];
    const rows = await this.query<{ line: JobLog; position: number }>(manager, scope, text, values);
    return rows.map(({ line, position }) => ({ ...line, id: encodeLogCursor(position) }));
  }
}
