import { Injectable } from '@nestjs/common';
import { type Job, type JobLogs, type ListJobs, pathParams, type WorkItems } from '@runos/api';
import { Fault } from '@runos/kernel';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { JobSource } from '../projection/job-source.js';
import { JobRepository, parseLogCursor, type StoredJob } from './job-repository.js';

/** Log lines per page. */
const logPageSize = 500;

/** Reads jobs from the projection. A job that is missing here is read through from the reconciler. */
@Injectable()
export class JobReader {
  constructor(
    private readonly database: Database,
    private readonly repository: JobRepository,
    private readonly source: JobSource,
  ) {}

  /** @throws Fault `request.invalid` for an invalid cursor */
  async list(tenant: string, query: z.output<typeof ListJobs>): Promise<{ jobs: Job[]; nextCursor: string | null }> {
    if (query.cursor !== undefined && !pathParams.jobId.schema.safeParse(query.cursor).success) {
      const message = 'is not a cursor of this list; take it from nextCursor';
      throw new Fault('request.invalid', `cursor ${message}.`, { issues: [{ path: 'cursor', message }] });
    }
    const found = await this.repository.list(this.database.manager, tenant, query);
    const jobs = found.slice(0, query.limit);
    return { jobs, nextCursor: found.length > jobs.length ? (jobs.at(-1)?.id ?? null) : null };
  }

  /** @throws Fault `job.not_found`; `unavailable` when the job is missing here and the reconciler does not answer */
  async show(id: string, aids: readonly string[]): Promise<Job> {
    return (await this.#find(id, aids)).job;
  }

  /** @throws as `show` */
  async workItems(id: string, aids: readonly string[]): Promise<z.output<typeof WorkItems>> {
    return { jobId: id, workItems: (await this.#find(id, aids)).workItems, hasMore: false };
  }

  /** Log lines after the cursor; without new lines the next cursor is the same. @throws as `show`; `request.invalid` */
  async logs(
    id: string,
    aids: readonly string[],
    workItemId: string,
    after?: string,
  ): Promise<z.output<typeof JobLogs>> {
    const from = after === undefined ? 0 : parseLogCursor(after);
    const { workItems } = await this.#find(id, aids);
    if (!workItems.some((item) => item.id === workItemId))
      throw new Fault('job.not_found', `Job ${id} has no work item ${workItemId}.`);
    const logs = await this.repository.logs(this.database.manager, id, workItemId, from, logPageSize);
    return { workItemId, logs, nextCursor: logs.at(-1)?.id ?? after ?? null };
  }

  async #find(id: string, aids: readonly string[]): Promise<StoredJob> {
    const stored = await this.repository.findJob(this.database.manager, id, aids);
    if (stored !== undefined) return stored;
    const refreshed = (await this.source.refresh(id, aids))
      ? await this.repository.findJob(this.database.manager, id, aids)
      : undefined;
    // The same message for a missing job and for a job of another account.
    if (refreshed === undefined) throw new Fault('job.not_found', `There is no job ${id}.`);
    return refreshed;
  }
}
