import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus, InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import type { JobsConfig } from '../config.js';
import { JobProjection } from './job-projection.js';
import { completeUpdate } from './job-update.js';
import { ProjectionRepository, type StaleJob } from './projection-repository.js';

/** The reconciler as the source of jobs that are missing or outdated here. */
@Injectable()
export class JobSource {
  constructor(
    private readonly bus: Bus,
    private readonly projection: JobProjection,
  ) {}

  /**
   * Reads a job of one of `aids` from the reconciler into the projection; false when it does not exist.
   * @throws Fault `unavailable` when the reconciler does not answer
   */
  async refresh(id: string, aids: readonly string[]): Promise<boolean> {
    try {
      const progress = await this.bus.request(reconciler.readJob, { id, aids: [...aids] });
      await this.projection.project([completeUpdate(progress)]);
      return true;
    } catch (error) {
      if (faultOf(error)?.code === 'job.not_found') return false;
      throw error;
    }
  }
}

/** Refreshes open jobs without recent updates: an event may be lost, the end of a job may not. */
@Injectable()
export class StaleJobRefresh implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #run: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly projection: ProjectionRepository,
    private readonly source: JobSource,
    @InjectConfig() private readonly config: JobsConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#run ??= this.#refreshStale().finally(() => (this.#run = undefined));
    }, this.config.refreshAfterMs / 2);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run;
  }

  async #refreshStale(): Promise<void> {
    try {
      const stale = await this.projection.claimStale(this.database.manager, this.config.refreshAfterMs);
      for (const job of stale) await this.#refresh(job);
    } catch (error) {
      const isOutage = faultOf(error)?.code === 'unavailable';
      this.logger[isOutage ? 'debug' : 'error']({ err: error }, 'refresh of stale jobs failed');
    }
  }

  async #refresh({ id, aid }: StaleJob): Promise<void> {
    if (await this.source.refresh(id, [aid])) return;
    this.logger.warn({ jobId: id }, 'job is missing in the reconciler; its projection stays as it is');
    await this.projection.stopRefresh(this.database.manager, id);
  }
}
