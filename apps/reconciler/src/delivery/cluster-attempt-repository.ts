import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** The tables of which each row is worked on in a cluster, by instructions to its agent, at `next_attempt_at`. */
type AttemptTable = 'cluster_addon' | 'node_tag_delivery';

/** A table of attempts, as the loop of its claims uses it. */
export interface ClusterAttempts<Claim> {
  /** Claims rows of connected clusters whose attempt is reached. The next one follows after `leaseMs`. */
  claim(sql: EntityManager, leaseMs: number, limit: number): Promise<Claim[]>;
  /** The time until the next attempt in a connected cluster, ms; undefined without one. */
  nextAttemptInMs(sql: EntityManager): Promise<number | undefined>;
}

const isReachable = (cluster: string): string => `${cluster}.connected AND ${cluster}.foreign_uid IS NULL`;

/** Claims the rows of one table. Its repository has one. */
export class ClusterAttemptRepository {
  /** `key`: the columns of the primary key. */
  constructor(
    private readonly table: AttemptTable,
    private readonly key: readonly string[],
  ) {}

  /** As `ClusterAttempts`. The row is `a` and its cluster `c` in `returning`. */
  claim<Claim extends object>(
    sql: EntityManager,
    { leaseMs, limit, returning }: { readonly leaseMs: number; readonly limit: number; readonly returning: string },
  ): Promise<Claim[]> {
    const keyOf = (alias: string): string => this.key.map((column) => `${alias}.${column}`).join(', ');
    return runSql<Claim>(
      sql,
      `UPDATE ${this.table} a SET next_attempt_at = now() + ms($1) FROM cluster c
       WHERE c.id = a.cluster_id AND (${keyOf('a')}) IN (
         SELECT ${keyOf('q')} FROM ${this.table} q JOIN cluster e ON e.id = q.cluster_id
         WHERE q.next_attempt_at <= now() AND ${isReachable('e')}
         ORDER BY q.next_attempt_at LIMIT $2 FOR NO KEY UPDATE OF q SKIP LOCKED)
       RETURNING ${returning}`,
      [leaseMs, limit],
    );
  }

  /** As `ClusterAttempts`. */
  async nextAttemptInMs(sql: EntityManager): Promise<number | undefined> {
    const [next] = await runSql<{ ms: number | null }>(
      sql,
      `SELECT (extract(epoch FROM min(a.next_attempt_at) - now()) * 1000)::float8 AS ms
       FROM ${this.table} a JOIN cluster c ON c.id = a.cluster_id
       WHERE a.next_attempt_at IS NOT NULL AND ${isReachable('c')}`,
    );
    return next === undefined || next.ms === null ? undefined : Math.max(0, next.ms);
  }
}
