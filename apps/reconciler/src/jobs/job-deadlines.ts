import { Injectable } from '@nestjs/common';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { ObservationRepository } from '../bundle-status/observation-repository.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { deadlineFailure, type OverdueJob } from './deadline-failure.js';
import { JobRepository, type OverdueJobRow } from './job-repository.js';
import { jobEnd, JobUpdates } from './job-updates.js';

/** Jobs read by one statement. Several replicas may read the same job; one of them fails it. */
const pageSize = 100;

/** Fails the jobs whose deadline has passed. */
@Injectable()
export class JobDeadlines {
  constructor(
    private readonly database: Database,
    private readonly jobs: JobRepository,
    private readonly updates: JobUpdates,
    private readonly instances: InstanceRepository,
    private readonly observations: ObservationRepository,
  ) {}

  /** Returns the time until the next deadline, ms, if there is one. */
  async run(): Promise<number | undefined> {
    const sql = this.database.manager;
    for (let count = pageSize; count === pageSize;) {
      const overdue = await this.jobs.listOverdue(sql, pageSize);
      for (const { jobId, instanceId } of overdue) {
        await this.database.transaction((transaction) => this.#fail(transaction, jobId, instanceId));
      }
      count = overdue.length;
    }
    return this.jobs.nextDeadlineInMs(sql);
  }

  async #fail(sql: EntityManager, jobId: string, instanceId: number | null): Promise<void> {
    // Lock order: the instance, then its job.
    if (instanceId !== null) await this.instances.lockRow(sql, instanceId);
    const job = await this.jobs.readOverdue(sql, jobId);
    if (job === undefined) return;
    const { reason, message } = deadlineFailure(overdueJob(job));
    const line = { level: 'error', message } as const;
    await this.updates.end(sql, [jobEnd({ jobId, outcome: 'failed', reason, error: message, line })]);
    // Without a connected agent, the last observed status stays.
    if (instanceId === null || job.absent_ms !== null) return;
    await this.observations.failApplying(sql, instanceId, reason, message);
  }
}

function overdueJob(row: OverdueJobRow): OverdueJob {
  const { osid, cid, step, reason, progress, objects, conditions } = row;
  const report = row.observed === true && objects && conditions ? { objects, conditions } : undefined;
  return { osid, cid, step, reason, progress, report, timeoutMs: row.timeout_ms, absentForMs: row.absent_ms };
}
