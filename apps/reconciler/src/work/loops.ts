import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { reconciled, type ReconcileResult, WorkQueue } from '@runos/engine';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { SqlListener } from '@runos/persistence';
import { RemoveClusters } from '../clusters/remove-clusters.js';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import { Deadlines } from '../jobs/deadlines.js';
import { Housekeeping } from '../housekeeping.js';
import { Deliveries } from './deliveries.js';
import { type LoopName, Pokes } from './pokes.js';
import { workChannel } from './wake-work.js';

/** What no event announced is found after this at the latest, ms. */
const safetyMs = 15_000;
const hourMs = 3_600_000;

/** The loops of this process: woken by pokes and notifications, and slowly by themselves. */
@Injectable()
export class Loops implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #queue: WorkQueue<LoopName>;
  #deaf: (() => void) | undefined;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly deadlines: Deadlines,
    private readonly removals: RemoveClusters,
    private readonly housekeeping: Housekeeping,
    private readonly pokes: Pokes,
    private readonly listener: SqlListener,
    @InjectConfig() private readonly config: ReconcilerConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {
    this.#queue = new WorkQueue<LoopName>({
      reconcile: (loop, signal) => this.#turn(loop, signal),
      onResult: (loop, result) => {
        if (result.kind === 'error') this.logger.warn({ err: result.cause, loop }, 'a turn failed; trying again');
      },
    });
  }

  onApplicationBootstrap(): void {
    this.pokes.onPoke((loop, delayMs) => this.#queue.addAfter(loop, delayMs));
    const own = `reconciler:${this.config.replicaId}`;
    this.#deaf = this.listener.listen(workChannel, (from) => {
      if (from !== own) this.#queue.add('work');
    });
    for (const loop of ['work', 'deadlines', 'removals'] as const) this.#queue.add(loop);
    this.#queue.addAfter('housekeeping', hourMs);
  }

  /** Claims nothing more and resolves when what was claimed is done. */
  async onModuleDestroy(): Promise<void> {
    this.#deaf?.();
    await this.#queue.stop();
    await this.deliveries.drained();
    this.pokes.onPoke(undefined);
  }

  async #turn(loop: LoopName, signal: AbortSignal): Promise<ReconcileResult> {
    if (loop === 'housekeeping') {
      await this.housekeeping.run();
      return reconciled(hourMs);
    }
    const next = await this.#nextOf(loop, signal);
    return reconciled(Math.min(next ?? safetyMs, safetyMs));
  }

  #nextOf(loop: Exclude<LoopName, 'housekeeping'>, signal: AbortSignal): Promise<number | undefined> {
    switch (loop) {
      case 'work':
        return this.deliveries.run(signal);
      case 'deadlines':
        return this.deadlines.run();
      case 'removals':
        return this.removals.run();
    }
  }
}
