import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { gauge } from '@runos/observability';
import { Database } from '@runos/persistence';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { type Backlog, WorkRepository } from './work-repository.js';

const name = 'reconciler';

/** The work backlog and the connections of agents, read when metrics are scraped. Every replica exports the same values. */
@Injectable()
export class WorkMetrics implements OnApplicationBootstrap {
  #reading: Promise<Backlog> | undefined;

  constructor(
    private readonly database: Database,
    private readonly work: WorkRepository,
    private readonly clusters: ClusterRepository,
  ) {}

  onApplicationBootstrap(): void {
    gauge('workqueue_depth', async () => [{ value: (await this.#backlog()).depth, labels: { name } }]);
    gauge('workqueue_oldest_age_seconds', async () => [
      { value: (await this.#backlog()).ageSeconds, labels: { name } },
    ]);
    gauge('runos_clusters', async () => {
      const { connected, disconnected } = await this.clusters.countConnections(this.database.manager);
      return [
        { value: connected, labels: { connection: 'connected' } },
        { value: disconnected, labels: { connection: 'disconnected' } },
      ];
    });
  }

  /** Two gauges share one query. */
  #backlog(): Promise<Backlog> {
    this.#reading ??= this.work.backlog(this.database.manager).finally(() => (this.#reading = undefined));
    return this.#reading;
  }
}
