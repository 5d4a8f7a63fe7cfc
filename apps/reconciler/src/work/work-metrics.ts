import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { gauge } from '@runos/observability';
import { Database } from '@runos/persistence';

interface Backlog {
  readonly depth: number;
  readonly age: number;
}

interface Connections {
  readonly connected: number;
  readonly disconnected: number;
}

const name = 'reconciler';

/** The work backlog and the connections of agents, read when metrics are scraped. Every replica exports the same values. */
@Injectable()
export class WorkMetrics implements OnApplicationBootstrap {
  #reading: Promise<Backlog> | undefined;

  constructor(private readonly database: Database) {}

  onApplicationBootstrap(): void {
    gauge('workqueue_depth', async () => [{ value: (await this.#backlog()).depth, labels: { name } }]);
    gauge('workqueue_oldest_age_seconds', async () => [{ value: (await this.#backlog()).age, labels: { name } }]);
    gauge('runos_clusters', async () => {
      const { connected, disconnected } = await this.#connections();
      return [
        { value: connected, labels: { connection: 'connected' } },
        { value: disconnected, labels: { connection: 'disconnected' } },
      ];
    });
  }

  /** Only claimable work: the work of a disconnected cluster is no backlog. Two gauges share one query. */
  #backlog(): Promise<Backlog> {
    this.#reading ??= this.database
      .query<Backlog>(
        `SELECT count(*)::int AS depth,
           coalesce(extract(epoch FROM now() - min(greatest(w.next_attempt_at, c.queue_resumes_at))), 0)::float8 AS age
         FROM cluster c JOIN work w ON w.cluster_id = c.id AND w.next_attempt_at <= now()
         WHERE c.connected AND c.queue_resumes_at <= now()`,
      )
      .then(([backlog]) => backlog ?? { depth: 0, age: 0 })
      .finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #connections(): Promise<Connections> {
    const [row] = await this.database.query<Connections>(
      `SELECT count(*) FILTER (WHERE connected)::int AS connected,
         count(*) FILTER (WHERE NOT connected)::int AS disconnected
       FROM cluster WHERE was_ready AND deletion_requested_at IS NULL`,
    );
    return row ?? { connected: 0, disconnected: 0 };
  }
}
