import { Injectable } from '@nestjs/common';
import { ConcurrencyLimit } from '@runos/engine';
import { unavailable } from '@runos/kernel';
import { InjectConfig, remainingMs } from '@runos/messaging';
import { poolShare } from '@runos/persistence';
import type { ReconcilerConfig } from '../config.js';

/** Requests of one cluster that wait or run. An agent has 64 messages in flight at each replica of the agent gateway. */
const maxRequests = 256;

export interface ClusterName {
  readonly tenant: string;
  readonly cid: string;
}

/**
 * Bounds the database work that agents cause. Those of one cluster then leave connections to others, whatever they send
 * and whatever locks their work waits for.
 */
@Injectable()
export class ClusterShare {
  readonly #requests = new ConcurrencyLimit({ total: Infinity, perKey: maxRequests, maxWaitingPerKey: 0 });
  readonly #connections: ConcurrencyLimit;

  constructor(@InjectConfig() { databasePoolSize }: Pick<ReconcilerConfig, 'databasePoolSize'>) {
    this.#connections = new ConcurrencyLimit(poolShare(databasePoolSize));
  }

  /**
   * Admits a request, and runs its work when the cluster has a free place.
   * @throws Fault `unavailable` as `admit` and `runAdmitted`
   */
  run<T>(cluster: ClusterName, work: () => Promise<T>): Promise<T> {
    return this.admit(cluster, () => this.runAdmitted(cluster, work));
  }

  /**
   * Runs a request at once. It counts until its end, also while it waits for a batch: memory is bounded by this.
   * @throws Fault `unavailable` when the cluster has too many requests
   */
  admit<T>(cluster: ClusterName, request: () => Promise<T>): Promise<T> {
    return this.#requests.run(keyOf(cluster), request);
  }

  /**
   * Runs the work of an admitted request when the cluster has a free place.
   * @throws Fault `unavailable` when the caller's deadline passed before the start
   */
  runAdmitted<T>(cluster: ClusterName, work: () => Promise<T>): Promise<T> {
    return this.runBatch(cluster, async () => {
      if (remainingMs() <= 0) throw unavailable(`The agents of cluster ${cluster.cid} send too much.`);
      return work();
    });
  }

  /** The same for work of several requests, which have no deadline in common, and for that of the plane. */
  runBatch<T>(cluster: ClusterName, work: () => Promise<T>): Promise<T> {
    return this.#connections.run(keyOf(cluster), work);
  }
}

const keyOf = ({ tenant, cid }: ClusterName): string => `${tenant}/${cid}`;
