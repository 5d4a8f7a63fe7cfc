import { gauge } from '@runos/observability';
import type { DataSource } from 'typeorm';
import type { Database } from '../transactions/database.js';

/** The pool of `pg` inside TypeORM's PostgreSQL driver. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** Gauges of the connection pool. */
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

/** Gauges of the outbox. One query serves both metrics of a scrape; the table is nearly always empty. */
export function observeOutbox(database: Database, service: string): void {
  let pending: Promise<Backlog[]> | undefined;
  const backlog = async (key: keyof Backlog) => {
    pending ??= database
      .query<Backlog>(
        `SELECT count(*)::int AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS age FROM outbox`,
      )
      .finally(() => (pending = undefined));
    const [row] = await pending;
    return row === undefined ? [] : [{ value: row[key], labels: { service } }];
  };
  gauge('runos_outbox_backlog', () => backlog('count'), service);
  gauge('runos_outbox_oldest_age_seconds', () => backlog('age'), service);
}
