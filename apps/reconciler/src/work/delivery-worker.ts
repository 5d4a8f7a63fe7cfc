import { Injectable } from '@nestjs/common';
import { exponentialBackoff } from '@runos/engine';
import { systemClock } from '@runos/kernel';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import { randomUUID } from 'node:crypto';
import type { ReconcilerConfig } from '../config.js';
import { BundleDelivery } from '../delivery/bundle-delivery.js';
import { Wakeups } from './wakeups.js';
import { type Claim, WorkRepository } from './work-repository.js';

/** Requeue delay for work that cannot be claimed now: another worker claims from that queue, or the queue is full, ms. */
const busyQueueMs = 100;
/** After a failed delivery; not immediately, because the cause may be in this process. */
const afterFailure = exponentialBackoff({ firstMs: 200, maxMs: 15_000 });
/** While the database is unreachable, the release of a claim is retried at this interval, ms. */
const releaseRetryMs = 500;

/** Claims work and delivers it, up to the configured number of concurrent deliveries. */
@Injectable()
export class DeliveryWorker {
  readonly #holder: string;
  readonly #running = new Set<Promise<void>>();
  /** Claimable work is left because every worker is busy: the end of a delivery must wake the loop. */
  #isSaturated = false;
  #isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly work: WorkRepository,
    private readonly delivery: BundleDelivery,
    private readonly wakeups: Wakeups,
    @InjectConfig() private readonly config: ReconcilerConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {
    this.#holder = `${config.replicaId}/${randomUUID().slice(0, 8)}`;
  }

  /** Starts the delivery of all work that can be claimed. Returns the time until the next attempt, ms, if there is one. */
  async run(signal: AbortSignal): Promise<number | undefined> {
    while (!signal.aborted) {
      const free = this.config.workers - this.#running.size;
      this.#isSaturated = free <= 0;
      if (this.#isSaturated) return undefined;
      const claims = await this.work.claim(this.database.manager, {
        holder: this.#holder,
        leaseMs: this.config.leaseSeconds * 1_000,
        clusterQueueCap: this.config.clusterQueueCap,
        limit: Math.min(free, this.config.clusterQueueCap),
      });
      if (claims.length === 0) break;
      for (const claim of claims) this.#start(claim);
    }
    const next = await this.work.nextAttemptInMs(this.database.manager);
    this.#isSaturated = next === 0;
    return next === undefined ? undefined : Math.max(next, busyQueueMs);
  }

  /** Resolves when no delivery is running. */
  async drained(): Promise<void> {
    this.#isStopping = true;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #start(claim: Claim): void {
    const running = this.delivery
      .run(claim)
      .then((nextAttemptInMs) => {
        if (nextAttemptInMs !== undefined) this.wakeups.wake('work', nextAttemptInMs);
      })
      .catch((error: unknown) => {
        this.logger.error({ err: error, work: claim.id }, 'a delivery failed, releasing its claim');
        return this.#release(claim);
      })
      .finally(() => {
        this.#running.delete(running);
        if (this.#isSaturated) this.wakeups.wake('work');
      });
    this.#running.add(running);
  }

  /**
   * Releases a claim, so that the work does not wait for the end of its lease. When the database is unreachable for
   * longer than the lease, or this process stops first, the lease expires and another worker claims the work.
   */
  async #release(claim: Claim): Promise<void> {
    const failures = claim.failures + 1;
    const result = { claim, failures, requeueAfterMs: afterFailure(failures) };
    const leaseEnd = performance.now() + this.config.leaseSeconds * 1_000;
    while (performance.now() < leaseEnd) {
      try {
        const [released] = await this.database.transaction((sql) => this.work.release(sql, [result]));
        return this.wakeups.wake('work', released?.nextAttemptInMs ?? 0);
      } catch (error) {
        if (this.#isStopping) return;
        this.logger.debug({ err: error, work: claim.id }, 'releasing a claim failed, retrying');
        await systemClock.sleep(releaseRetryMs);
      }
    }
    this.wakeups.wake('work');
  }
}
