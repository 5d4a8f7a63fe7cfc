import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus, InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import type { JobsConfig } from '../config.js';
import { completeUpdate, JobProjection } from './job-projection.js';

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

/** An open job without a recent update. */
interface StaleJob {
  readonly id: string;
  readonly aid: string;
}

/** Jobs refreshed per run; more wait for the next run. */
const batchSize = 20;

/** The interval grows with the time since the last update, up to an hour: a job may wait a day for its agent. */
const claim = `
  UPDATE job SET refresh_at = now() + least(greatest(now() - updated_at, $1 * interval '1 millisecond'), interval '1 hour')
   WHERE id IN (SELECT id FROM job WHERE refresh_at <= now() ORDER BY refresh_at LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
  RETURNING id, aid`;

/** Refreshes open jobs without recent updates: an event may be lost, the end of a job may not. */
@Injectable()
export class StaleJobRefresh implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #run: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly source: JobSource,
    @InjectConfig() private readonly config: JobsConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#run ??= this.#refreshDue().finally(() => (this.#run = undefined));
    }, this.config.refreshAfterMs / 2);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run;
  }

  async #refreshDue(): Promise<void> {
    try {
      for (const job of await this.database.query<StaleJob>(claim, [this.config.refreshAfterMs]))
        await this.#refresh(job);
    } catch (error) {
      const outage = faultOf(error)?.code === 'unavailable';
      this.logger[outage ? 'debug' : 'error']({ err: error }, 'refresh of stale jobs failed');
    }
  }

  async #refresh({ id, aid }: StaleJob): Promise<void> {
    if (await this.source.refresh(id, [aid])) return;
    this.logger.warn({ jobId: id }, 'job is missing in the reconciler; its projection stays as it is');
    await this.database.query('UPDATE job SET refresh_at = NULL WHERE id = $1', [id]);
  }
}
