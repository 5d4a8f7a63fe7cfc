import { gauge } from '@runos/observability';
import type { DataSource } from 'typeorm';
import type { Database } from './database.js';

/** What TypeORM's driver for PostgreSQL keeps: the pool of `pg`. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** How the pool stands, read when metrics are. */
export function observeDatabase({ driver }: DataSource): void {
  const pool = (driver as unknown as { readonly master: Pool }).master;
  gauge('db_client_connection_count', () => [
    { value: pool.idleCount, labels: { state: 'idle' } },
    { value: pool.totalCount - pool.idleCount, labels: { state: 'used' } },
  ]);
  gauge('db_client_connection_pending_requests', () => pool.waitingCount);
}

interface Backlog {
  readonly count: number;
  readonly age: number;
}

/** What waits in the outbox: one query of a table that is nearly always empty, shared by both metrics of one reading. */
export function observeOutbox(database: Database, service: string): void {
  let asked: Promise<Backlog[]> | undefined;
  const backlog = async (key: keyof Backlog) => {
    asked ??= database
      .query<Backlog>(
        `SELECT count(*)::int AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS age FROM outbox`,
      )
      .finally(() => (asked = undefined));
    const [row] = await asked;
    return [{ value: row[key], labels: { service } }];
  };
  gauge('runos_outbox_backlog', () => backlog('count'), service);
  gauge('runos_outbox_oldest_age_seconds', () => backlog('age'), service);
}
