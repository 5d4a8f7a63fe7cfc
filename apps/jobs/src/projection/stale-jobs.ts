import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { faultOf } from '@runos/kernel';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import { JobsSettings } from '../jobs-settings.js';
import { Owner } from './owner.js';

interface StaleJob {
  readonly id: string;
  readonly aid: string;
}

/** Jobs asked for at once; more wait for the next round. */
const perRound = 20;

/** The longer nothing is heard, the rarer it is asked for: waiting for an agent may take a day. */
const claim = `
  UPDATE job SET check_at = now() + least(greatest(now() - heard_at, $1 * interval '1 millisecond'), interval '1 hour')
   WHERE id IN (SELECT id FROM job WHERE check_at <= now() ORDER BY check_at LIMIT ${perRound} FOR UPDATE SKIP LOCKED)
  RETURNING id, aid`;

/** Asks for open jobs that went silent: an event may be lost, a job's end may not. */
@Injectable()
export class StaleJobs implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly owner: Owner,
    private readonly settings: JobsSettings,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#round ??= this.#check().finally(() => (this.#round = undefined));
    }, this.settings.checkAfterMs / 2);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  async #check(): Promise<void> {
    try {
      for (const job of await this.database.query<StaleJob>(claim, [this.settings.checkAfterMs])) await this.#ask(job);
    } catch (error) {
      const outage = faultOf(error)?.code === 'unavailable';
      this.logger[outage ? 'debug' : 'error']({ err: error }, 'silent jobs could not be asked for');
    }
  }

  async #ask({ id, aid }: StaleJob): Promise<void> {
    if (await this.owner.read(id, [aid])) return;
    this.logger.warn({ jobId: id }, 'the reconciler does not know this job any more; it stays as it is');
    await this.database.query('UPDATE job SET check_at = NULL WHERE id = $1', [id]);
  }
}
