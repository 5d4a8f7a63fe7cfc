import { Injectable } from '@nestjs/common';
import { ConcurrencyLimit } from '@runos/engine';
import { unavailable } from '@runos/kernel';
import { InjectConfig, remainingMs } from '@runos/messaging';
import { poolShare } from '@runos/persistence';
import type { ReconcilerConfig } from '../config.js';

/** An agent sends 64 messages at a time, also while an earlier stream of it has unanswered ones. */
const maxWaiting = 256;

interface Cluster {
  readonly tenant: string;
  readonly cid: string;
}

/**
 * Bounds the database work that agents cause. Those of one cluster then leave connections to others, whatever they send
 * and whatever locks their work waits for.
 */
@Injectable()
export class ClusterShare {
  readonly #limit: ConcurrencyLimit;

  constructor(@InjectConfig() { databasePoolSize }: Pick<ReconcilerConfig, 'databasePoolSize'>) {
    this.#limit = new ConcurrencyLimit({ ...poolShare(databasePoolSize), maxWaitingPerKey: maxWaiting });
  }

  /**
   * Runs the work of a request when the cluster has a free place.
   * @throws Fault `unavailable` when too much work of the cluster waits, or the caller's deadline passed before the start
   */
  run<T>(cluster: Cluster, work: () => Promise<T>): Promise<T> {
    return this.runBatch(cluster, async () => {
      if (remainingMs() <= 0) throw unavailable(`The agents of cluster ${cluster.cid} send too much.`);
      return work();
    });
  }

  /** As `run`, for work of several requests, which have no deadline in common. */
  runBatch<T>({ tenant, cid }: Cluster, work: () => Promise<T>): Promise<T> {
    return this.#limit.run(`${tenant}/${cid}`, work);
  }
}
