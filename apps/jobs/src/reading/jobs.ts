import { Injectable } from '@nestjs/common';
import { type Job, type JobLogs, type ListJobs, pathParams, type WorkItems } from '@runos/api';
import { Fault } from '@runos/kernel';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { Owner } from '../projection/owner.js';
import { JobRepository, type StoredJob } from './job-repository.js';
import { parsePosition } from './log-cursor.js';

/** Log lines in one answer; the next cursor leads on. */
const logsAtOnce = 500;

/** Answers how jobs stand. A job not told of yet is asked for where it was minted. */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly repository: JobRepository,
    private readonly owner: Owner,
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

  /** Lines after the cursor; the next cursor stays the same while there is nothing new. @throws as `show`; `request.invalid` */
  async logs(
    id: string,
    aids: readonly string[],
    workItemId: string,
    after?: string,
  ): Promise<z.output<typeof JobLogs>> {
    const from = after === undefined ? 0 : parsePosition(after);
    const { workItems } = await this.#find(id, aids);
    if (!workItems.some((item) => item.id === workItemId))
      throw new Fault('job.not_found', `Job ${id} has no work item ${workItemId}.`);
    const logs = await this.repository.logs(this.database.manager, id, workItemId, from, logsAtOnce);
    return { workItemId, logs, nextCursor: logs.at(-1)?.id ?? after ?? null };
  }

  async #find(id: string, aids: readonly string[]): Promise<StoredJob> {
    const known = await this.repository.one(this.database.manager, id, aids);
    if (known !== undefined) return known;
    const read = (await this.owner.read(id, aids))
      ? await this.repository.one(this.database.manager, id, aids)
      : undefined;
    // In the same words whether it never was or is another account's.
    if (read === undefined) throw new Fault('job.not_found', `There is no job ${id}.`);
    return read;
  }
}
