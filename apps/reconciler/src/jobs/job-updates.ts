import { Injectable } from '@nestjs/common';
import { durations, traceHeaders } from '@runos/observability';
import { afterCommit } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { Wakeups } from '../work/wakeups.js';
import { type ChangedJob, publishJobProgress } from './job-progress.js';
import { type JobChange, type JobEnd, JobUpdateRepository } from './job-update-repository.js';

/** A change in the current trace. */
export const jobChange = (change: Omit<JobChange, 'trace'>): JobChange => ({ ...change, trace: traceHeaders() });

/** An end in the current trace. */
export const jobEnd = (end: Omit<JobEnd, 'trace'>): JobEnd => ({ ...end, trace: traceHeaders() });

const duration = durations('runos_job_duration_seconds');

/** Writes changes and ends of many jobs at once, and publishes them by the outbox. */
@Injectable()
export class JobUpdates {
  constructor(
    private readonly jobs: JobUpdateRepository,
    private readonly wakeups: Wakeups,
  ) {}

  /** Two statements for any number of changes; a job that has ended stays as it is. */
  async change(sql: EntityManager, changes: readonly JobChange[]): Promise<void> {
    await this.write(sql, { changes, ends: [] });
  }

  /** Two statements for any number of ends. Returns the ids of the jobs that this call ended. */
  end(sql: EntityManager, ends: readonly JobEnd[]): Promise<string[]> {
    return this.write(sql, { changes: [], ends });
  }

  /** Changes first, then ends; one statement adds the progress events of both to the outbox. */
  async write(
    sql: EntityManager,
    { changes, ends }: { readonly changes: readonly JobChange[]; readonly ends: readonly JobEnd[] },
  ): Promise<string[]> {
    const changed = changes.length === 0 ? [] : await this.jobs.change(sql, changes);
    const ended = ends.length === 0 ? [] : await this.jobs.end(sql, ends);
    await publishJobProgress(sql, [...changed, ...ended], [...changes, ...ends]);
    if (ended.length > 0) {
      afterCommit(sql, () => {
        ended.forEach(recordDuration);
        if (ended.some(({ settles }) => settles)) this.wakeups.wake('upgrades');
      });
    }
    return ended.map(({ job_id }) => job_id);
  }
}

function recordDuration({ type, status, created_at, completed_at }: ChangedJob): void {
  if (completed_at === null) return;
  duration.record(completed_at.getTime() - created_at.getTime(), { type, outcome: status });
}
