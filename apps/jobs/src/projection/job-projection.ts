import { Injectable } from '@nestjs/common';
import { jobs } from '@runos/contracts';
import { Bus, InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import type { JobsConfig } from '../config.js';
import type { JobUpdate } from './job-update.js';
import { type ChangedJob, ProjectionRepository } from './projection-repository.js';

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
      this.logger.warn({ err: error, jobs: changed.length }, 'job changes not published');
    }
  }
}

/**
 * The projection of the reconciler's jobs. Only a higher `seq` changes a job and a log line is stored once, so late,
 * repeated and reordered updates are harmless. A job never changes its account.
 */
@Injectable()
export class JobProjection {
  constructor(
    private readonly database: Database,
    private readonly projection: ProjectionRepository,
    private readonly changes: JobChangePublisher,
    @InjectConfig() private readonly config: JobsConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Durable when it resolves. Followers are notified of changes afterwards, not of repetitions. */
  async project(updates: readonly JobUpdate[]): Promise<void> {
    if (updates.length === 0) return;
    const { changed, updated } = await this.database.transaction((manager) =>
      this.projection.write(manager, updates, this.config.refreshAfterMs),
    );
    for (const { id: jobId, newer, status, ...job } of updated) {
      if (newer && status !== 'pending' && status !== 'running')
        this.logger.info({ jobId, status, ...job }, 'job ended');
    }
    await this.changes.publish(changed);
  }
}
