import { Injectable } from '@nestjs/common';
import type { JobStatus } from '@runos/api';
import { jobs } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';

/** A job that looks different now, or has more log lines. */
export interface ChangedJob {
  readonly id: string;
  readonly aid: string;
  readonly seq: number | string;
  readonly status: JobStatus;
}

/** Those who follow jobs, wherever they are connected. */
@Injectable()
export class Followers {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** What is not heard is read at the followers' next slow look. */
  async wake(changed: readonly ChangedJob[]): Promise<void> {
    try {
      for (const { id, aid, seq, status } of changed) {
        await this.bus.publish(jobs.jobChanged, { id, aid, seq: Number(seq), status }, { tenant: aid });
      }
    } catch (error) {
      this.logger.warn({ err: error, jobs: changed.length }, 'followers of jobs could not be woken');
    }
  }
}
