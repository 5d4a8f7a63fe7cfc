import { Injectable } from '@nestjs/common';
import { jobs, type JobProgress } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';

/** A write does not wait longer than this for the jobs service: the outbox tells it too. */
const patienceMs = 250;

/** The short way to the jobs service, beside the outbox. */
@Injectable()
export class JobsLink {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Opens the job at the jobs service ahead of the outbox. Never fails: the job exists, whoever knows of it. */
  async open(progress: JobProgress): Promise<void> {
    try {
      await this.bus.request(jobs.openJob, progress, { tenant: progress.job.aid, deadlineMs: patienceMs });
    } catch (error) {
      this.logger.debug({ err: error, jobId: progress.job.id }, 'the jobs service hears of a job by the outbox alone');
    }
  }
}
