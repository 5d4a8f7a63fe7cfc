import { Injectable } from '@nestjs/common';
import type { JobStatus } from '@runos/api';
import { jobs } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';

/** A job whose state or log has changed. */
export interface ChangedJob {
  readonly id: string;
  readonly aid: string;
  readonly seq: number | string;
  readonly status: JobStatus;
}

/** Notifies the gateways whose clients follow changed jobs. */
@Injectable()
export class JobChangePublisher {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Best effort: a follower that misses the event reads the job at its next keep-alive. */
  async publish(changed: readonly ChangedJob[]): Promise<void> {
    try {
      for (const { id, aid, seq, status } of changed) {
        await this.bus.publish(jobs.jobChanged, { id, aid, seq: Number(seq), status }, { tenant: aid });
      }
    } catch (error) {
      this.logger.warn({ err: error, jobs: changed.length }, 'job changes were not published');
    }
  }
}
