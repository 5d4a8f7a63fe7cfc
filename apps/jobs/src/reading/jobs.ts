import { Injectable } from '@nestjs/common';
import { type Job, type JobLogs, type ListJobs, pathParams, type WorkItems } from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { JobProjection } from '../projection/job-projection.js';
import { JobRepository, type StoredJob } from './job-repository.js';

/** Log lines in one answer; the next cursor leads on. */
const logsAtOnce = 500;

/** Answers how jobs stand. A job not told of yet is asked for where it was minted. */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly repository: JobRepository,
    private readonly projection: JobProjection,
    private readonly bus: Bus,
  ) {}

  /** @throws Fault `request.invalid` for a cursor that is none */
  async list(tenant: string, asked: z.output<typeof ListJobs>): Promise<{ jobs: Job[]; nextCursor: string | null }> {
    if (asked.cursor !== undefined && !pathParams.jobId.schema.safeParse(asked.cursor).success) {
      const message = 'is not a cursor of this list; take it from nextCursor';
      throw new Fault('request.invalid', `cursor ${message}.`, { issues: [{ path: 'cursor', message }] });
    }
    const found = await this.repository.list(this.database.manager, tenant, asked);
    const jobs = found.slice(0, asked.limit);
    return { jobs, nextCursor: found.length > jobs.length ? (jobs.at(-1)?.id ?? null) : null };
  }

  /** @throws Fault `job.not_found`; `unavailable` when only the reconciler could know */
  async show(id: string, aids: readonly string[]): Promise<Job> {
    return (await this.#find(id, aids)).job;
  }

  /** @throws as `show` */
  async workItems(id: string, aids: readonly string[]): Promise<z.output<typeof WorkItems>> {
    return { jobId: id, workItems: (await this.#find(id, aids)).workItems, hasMore: false };
  }

  /** Lines after the cursor; the next cursor stays the same while there is nothing new. @throws as `show` */
  async logs(id: string, aids: readonly string[], workItemId: string, after = ''): Promise<z.output<typeof JobLogs>> {
    const { workItems } = await this.#find(id, aids);
    if (!workItems.some((item) => item.id === workItemId))
      throw new Fault('job.not_found', `Job ${id} has no work item ${workItemId}.`);
    const logs = await this.repository.logs(this.database.manager, id, workItemId, after, logsAtOnce);
    return { workItemId, logs, nextCursor: logs.at(-1)?.id ?? (after || null) };
  }

  async #find(id: string, aids: readonly string[]): Promise<StoredJob> {
    const known = await this.repository.one(this.database.manager, id, aids);
    if (known !== undefined) return known;
    const told = await this.bus.ask(reconciler.readJob, { id, aids: [...aids] });
    await this.projection.apply([told]);
    return told;
  }
}
