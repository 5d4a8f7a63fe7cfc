import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { reconciled, type ReconcileResult, WorkQueue } from '@runos/engine';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { SqlListener } from '@runos/persistence';
import { AddonReconciler } from '../addons/addon-reconciler.js';
import { ClusterRemoval } from '../clusters/cluster-removal.js';
import type { ReconcilerConfig } from '../config.js';
import { DeliverNodeTags } from '../nodes/deliver-node-tags.js';
import { JobDeadlines } from '../jobs/job-deadlines.js';
import { RefreshAppCredentials } from '../app-credentials/refresh-app-credentials.js';
import { RunUpgradeWaves } from '../upgrades/run-upgrade-waves.js';
import { DeliveryWorker } from './delivery-worker.js';
import { type LoopName, loopNames, Wakeups, workChannel } from './wakeups.js';

/** Longest time between two runs of a loop: it finds work whose wake-up was lost. */
const resyncPeriodMs = 15_000;

/** The reconcile loops of this process. Wake-ups, notifications of other replicas and a resync period run them. */
@Injectable()
export class Loops implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #queue: WorkQueue<LoopName>;
  #unlisten: (() => void) | undefined;

  constructor(
    private readonly deliveries: DeliveryWorker,
    private readonly deadlines: JobDeadlines,
    private readonly removals: ClusterRemoval,
    private readonly addons: AddonReconciler,
    private readonly nodeTags: DeliverNodeTags,
    private readonly upgrades: RunUpgradeWaves,
    private readonly credentials: RefreshAppCredentials,
    private readonly wakeups: Wakeups,
    private readonly listener: SqlListener,
    @InjectConfig() private readonly config: ReconcilerConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {
    this.#queue = new WorkQueue<LoopName>({
      reconcile: (loop, signal) => this.#run(loop, signal),
      onResult: (loop, result) => {
        if (result.kind === 'error') this.logger.warn({ err: result.cause, loop }, 'a loop failed, retrying');
      },
    });
  }

  onApplicationBootstrap(): void {
    this.wakeups.setListener((loop, delayMs) => this.#queue.addAfter(loop, delayMs));
    const own = `reconciler:${this.config.replicaId}`;
    this.#unlisten = this.listener.listen(workChannel, (sender) => {
      if (sender !== own) this.#queue.add('work');
    });
    for (const loop of loopNames) this.#queue.add(loop);
  }

  /** Claims no more work and resolves when the claimed work is done. */
  async onModuleDestroy(): Promise<void> {
    this.#unlisten?.();
    await this.#queue.stop();
    await this.deliveries.drained();
    this.wakeups.setListener(undefined);
  }

  async #run(loop: LoopName, signal: AbortSignal): Promise<ReconcileResult> {
    const nextMs = await this.#reconcile(loop, signal);
    return reconciled(Math.min(nextMs ?? resyncPeriodMs, resyncPeriodMs));
  }

  #reconcile(loop: LoopName, signal: AbortSignal): Promise<number | undefined> {
    switch (loop) {
      case 'work':
        return this.deliveries.run(signal);
      case 'deadlines':
        return this.deadlines.run();
      case 'removals':
        return this.removals.run();
      case 'addons':
        return this.addons.run();
      case 'node-tags':
        return this.nodeTags.run();
      case 'upgrades':
        return this.upgrades.run(signal);
      case 'app-credentials':
        return this.credentials.run(signal);
    }
  }
}
