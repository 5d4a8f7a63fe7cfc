import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** A piece of work that is ours until its lease ends, unless somebody else's `fence` is higher by then. */
export interface Claim {
  readonly id: number;
  readonly clusterId: number;
  /** What is to be delivered, and the reasons to look that were known when it was claimed. */
  readonly revision: number;
  readonly delivered: number;
  readonly wanted: number;
  readonly fence: number;
  readonly failures: number;
}

export interface ClaimOptions {
  readonly worker: string;
  readonly leaseMs: number;
  /** At most so many rows of one cluster are worked on at a time, by all workers together. */
  readonly laneCap: number;
  readonly limit: number;
}

/**
 * Takes due work of one cluster, the one that was served longest ago, so that a slow cluster starves nobody. Nothing
 * may mean that another worker was just choosing the same lane. A claimed revision counts as sent from now on: whatever
 * becomes of this worker, it may have reached the agent. MATERIALIZED keeps the planner from picking more than asked.
 */
export const claimWork = (sql: EntityManager, { worker, leaseMs, laneCap, limit }: ClaimOptions): Promise<Claim[]> =>
  runSql<Claim>(
    sql,
    `WITH lane AS MATERIALIZED (
       SELECT c.id FROM cluster c WHERE c.present AND c.not_before <= now()
         AND EXISTS (SELECT 1 FROM work w WHERE w.cluster_id = c.id AND w.due_at <= now()
                     AND (w.leased_until IS NULL OR w.leased_until <= now()))
         AND (SELECT count(*) FROM work w WHERE w.cluster_id = c.id AND w.leased_until > now()) < $3
       ORDER BY c.served_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED),
     pick AS MATERIALIZED (
       SELECT w.id FROM work w JOIN lane ON w.cluster_id = lane.id
       WHERE w.due_at <= now() AND (w.leased_until IS NULL OR w.leased_until <= now())
       ORDER BY w.due_at LIMIT $4 FOR NO KEY UPDATE OF w SKIP LOCKED),
     touch AS (UPDATE cluster c SET served_at = clock_timestamp() FROM lane WHERE c.id = lane.id)
     UPDATE work w SET fence = fence + 1, worker = $1, leased_until = now() + ms($2), sent = greatest(sent, revision)
     FROM pick WHERE w.id = pick.id
     RETURNING w.id, w.cluster_id AS "clusterId", w.revision, w.delivered, w.wanted, w.fence, w.failures`,
    [worker, leaseMs, laneCap, limit],
  );

/** When there is something to claim next, in ms from now; undefined when nothing is due at any time. */
export async function nextDueInMs(sql: EntityManager): Promise<number | undefined> {
  const [next] = await runSql<{ ms: number | null }>(
    sql,
    `SELECT extract(epoch FROM min(greatest(w.due_at, c.not_before, w.leased_until)) - now()) * 1000 AS ms
     FROM work w JOIN cluster c ON c.id = w.cluster_id WHERE c.present AND w.due_at IS NOT NULL`,
  );
  return next?.ms === null || next?.ms === undefined ? undefined : Math.max(0, Number(next.ms));
}
