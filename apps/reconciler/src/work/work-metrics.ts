import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { gauge } from '@runos/observability';
import { Database } from '@runos/persistence';

interface Due {
  readonly depth: number;
  readonly age: number;
}

interface Presence {
  readonly open: number;
  readonly gone: number;
}

const name = 'reconciler';

/** How much work is due and which agents are gone, asked when metrics are read. Every replica says the same. */
@Injectable()
export class WorkMetrics implements OnApplicationBootstrap {
  #asked: Promise<Due[]> | undefined;

  constructor(private readonly database: Database) {}

  onApplicationBootstrap(): void {
    gauge('workqueue_depth', async () => [{ value: (await this.#due()).depth, labels: { name } }]);
    gauge('workqueue_oldest_age_seconds', async () => [{ value: (await this.#due()).age, labels: { name } }]);
    gauge('runos_clusters', async () => {
      const { open, gone } = await this.#presence();
      return [
        { value: open, labels: { connection: 'connected' } },
        { value: gone, labels: { connection: 'disconnected' } },
      ];
    });
  }

  /** Only what could be done now: work of a cluster whose agent is away waits for it, however long. */
  async #due(): Promise<Due> {
    this.#asked ??= this.database
      .query<Due>(
        `SELECT count(*)::int AS depth,
           coalesce(extract(epoch FROM now() - min(greatest(w.due_at, c.not_before))), 0)::float8 AS age
         FROM cluster c JOIN work w ON w.cluster_id = c.id AND w.due_at <= now()
         WHERE c.present AND c.not_before <= now()`,
      )
      .finally(() => (this.#asked = undefined));
    return (await this.#asked)[0];
  }

  async #presence(): Promise<Presence> {
    const [row] = await this.database.query<Presence>(
      `SELECT count(*) FILTER (WHERE present)::int AS open, count(*) FILTER (WHERE NOT present)::int AS gone
       FROM cluster WHERE was_ready AND deleting_since IS NULL`,
    );
    return row;
  }
}
