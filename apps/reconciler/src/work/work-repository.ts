import { Injectable } from '@nestjs/common';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { workChannel } from './wakeups.js';

/** SQL expression: notifies the other replicas of new work. */
export const notifyWork = `pg_notify('${workChannel}', current_setting('application_name'))`;

/** SQL clause: locks the rows of `work w` in the one order in which statements lock several of them. */
const lockInOrder = 'ORDER BY w.id FOR NO KEY UPDATE';

const lockUndelivered = `SELECT w.id FROM work w WHERE w.cluster_id = $1 AND w.delivered_revision < w.revision ${lockInOrder}`;

/** Claimed work. The lease is valid until it expires or until a later claim has a higher fencing token. */
export interface Claim {
  readonly id: number;
  readonly clusterId: number;
  /** The desired revision at the time of the claim. */
  readonly revision: number;
  readonly deliveredRevision: number;
  /** The number of delivery requests at the time of the claim. */
  readonly requested: number;
  /** The number of redelivery requests at the time of the claim. */
  readonly redeliveries: number;
  readonly fencingToken: number;
  readonly failures: number;
}

export interface ClaimOptions {
  readonly holder: string;
  readonly leaseMs: number;
  /** The maximum of leased rows per cluster queue, over all workers. */
  readonly clusterQueueCap: number;
  readonly limit: number;
}

/** The result of claimed work. */
export interface WorkResult {
  readonly claim: Claim;
  /** The agent has stored this revision. */
  readonly deliveredRevision?: number;
  /** The time until the next attempt, ms; without it the row waits for the next request. */
  readonly requeueAfterMs?: number;
  readonly failures: number;
}

/** A released claim. `nextAttemptInMs` null: the row waits for the next request. */
export interface ReleasedClaim {
  readonly nextAttemptInMs: number | null;
}

/** The claimable work, and the age of its oldest row. */
export interface Backlog {
  readonly depth: number;
  readonly ageSeconds: number;
}

/** The work queue in PostgreSQL: one queue per cluster, one row per instance. */
@Injectable()
export class WorkRepository {
  /**
   * Claims work of the one cluster queue that was served longest ago, so that a slow cluster starves no other. Returns
   * nothing while another worker claims from that queue. A claimed revision counts as sent: it may reach the agent even
   * if this worker fails. MATERIALIZED keeps the planner from picking more rows than the limit.
   */
  claim(sql: EntityManager, { holder, leaseMs, clusterQueueCap, limit }: ClaimOptions): Promise<Claim[]> {
    return runSql<Claim>(
      sql,
      `WITH queue AS MATERIALIZED (
         SELECT c.id FROM cluster c WHERE c.connected AND c.queue_resumes_at <= now()
           AND EXISTS (SELECT 1 FROM work w WHERE w.cluster_id = c.id AND w.next_attempt_at <= now()
                       AND (w.lease_expires_at IS NULL OR w.lease_expires_at <= now()))
           AND (SELECT count(*) FROM work w WHERE w.cluster_id = c.id AND w.lease_expires_at > now()) < $3
         ORDER BY c.queue_served_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED),
       picked AS MATERIALIZED (
         SELECT w.id FROM work w JOIN queue ON w.cluster_id = queue.id
         WHERE w.next_attempt_at <= now() AND (w.lease_expires_at IS NULL OR w.lease_expires_at <= now())
         ORDER BY w.next_attempt_at LIMIT $4 FOR NO KEY UPDATE OF w SKIP LOCKED),
       served AS (UPDATE cluster c SET queue_served_at = clock_timestamp() FROM queue WHERE c.id = queue.id)
       UPDATE work w SET fencing_token = fencing_token + 1, lease_holder = $1, lease_expires_at = now() + ms($2),
         sent_revision = greatest(sent_revision, revision)
       FROM picked WHERE w.id = picked.id
       RETURNING w.id, w.cluster_id AS "clusterId", w.revision, w.delivered_revision AS "deliveredRevision", w.requested,
         w.redeliveries, w.fencing_token AS "fencingToken", w.failures`,
      [holder, leaseMs, clusterQueueCap, limit],
    );
  }

  /** The time until the next row can be claimed, ms; undefined when no row of a connected cluster has a next attempt. */
  async nextAttemptInMs(sql: EntityManager): Promise<number | undefined> {
    const [next] = await runSql<{ ms: number | null }>(
      sql,
      `SELECT extract(epoch FROM min(greatest(w.next_attempt_at, c.queue_resumes_at, w.lease_expires_at)) - now()) * 1000 AS ms
       FROM work w JOIN cluster c ON c.id = w.cluster_id WHERE c.connected AND w.next_attempt_at IS NOT NULL`,
    );
    return next?.ms === null || next?.ms === undefined ? undefined : Math.max(0, Number(next.ms));
  }

  /**
   * Releases claims, as the first statement of the transaction that writes their results. Returns undefined, in the same
   * order, for a claim with an old fencing token: then no result may be written. The expiry alone is no guard, because
   * `now()` is constant within a transaction. A request since the claim makes the row claimable immediately. After a
   * redelivery request since the claim, its delivery does not count, because the agent has lost the bundle meanwhile.
   */
  async release(sql: EntityManager, results: readonly WorkResult[]): Promise<readonly (ReleasedClaim | undefined)[]> {
    const rows = results.map(({ claim: { id, fencingToken, requested, redeliveries }, ...result }) => ({
      id,
      fencingToken,
      requested,
      redeliveries,
      ...result,
    }));
    const released = await runSql<Pick<Claim, 'id' | 'fencingToken'> & ReleasedClaim>(
      sql,
      `WITH result AS (
         SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(id bigint, "fencingToken" bigint, requested bigint,
           redeliveries bigint, failures int, "deliveredRevision" int, "requeueAfterMs" float8)),
       locked AS (
         SELECT r.* FROM work w JOIN result r ON r.id = w.id
         WHERE w.id = ANY($2::bigint[]) AND w.fencing_token = r."fencingToken" ${lockInOrder} OF w)
       UPDATE work w SET lease_expires_at = NULL, lease_holder = NULL, failures = r.failures,
         delivered_revision = CASE WHEN w.redeliveries > r.redeliveries THEN w.delivered_revision
           ELSE greatest(w.delivered_revision, coalesce(r."deliveredRevision", 0)) END,
         next_attempt_at = CASE WHEN w.requested > r.requested THEN now() ELSE now() + ms(r."requeueAfterMs") END
       FROM locked r WHERE w.id = ANY($2::bigint[]) AND w.id = r.id
       RETURNING w.id, w.fencing_token AS "fencingToken",
         (extract(epoch FROM w.next_attempt_at - now()) * 1000)::float8 AS "nextAttemptInMs"`,
      [JSON.stringify(rows), rows.map(({ id }) => id)],
    );
    const byClaim = new Map(
      released.map(({ id, fencingToken, nextAttemptInMs }) => [`${id}/${fencingToken}`, { nextAttemptInMs }]),
    );
    return results.map(({ claim }) => byClaim.get(`${claim.id}/${claim.fencingToken}`));
  }

  /**
   * Pauses a whole cluster queue while its agent is disconnected. A later session of the agent is not paused.
   */
  async pauseQueue(
    sql: EntityManager,
    { cluster_id, session_no }: { readonly cluster_id: number; readonly session_no: number },
    forMs: number,
  ): Promise<void> {
    await runSql(
      sql,
      'UPDATE cluster SET queue_resumes_at = now() + ms($3) WHERE id = $1 AND connected AND session_no = $2',
      [cluster_id, session_no, forMs],
    );
  }

  /** Wakes the other replicas, which claim the work that this one has released. */
  async notify(sql: EntityManager): Promise<void> {
    await runSql(sql, `SELECT ${notifyWork}`);
  }

  /** Locks the work of every instance of a cluster whose desired revision the agent has not stored. */
  async lockUndelivered(sql: EntityManager, clusterId: number): Promise<void> {
    await runSql(sql, lockUndelivered, [clusterId]);
  }

  /** Requeues every instance of a cluster whose desired revision the agent has not stored. */
  async requeueCluster(sql: EntityManager, clusterId: number): Promise<void> {
    await runSql(
      sql,
      `WITH locked AS (${lockUndelivered}),
       requeued AS (
         UPDATE work w SET next_attempt_at = now(), requested = requested + 1, failures = 0
         FROM locked l WHERE w.id = l.id RETURNING 1)
       SELECT ${notifyWork} WHERE EXISTS (SELECT 1 FROM requeued)`,
      [clusterId],
    );
  }

  /** Requeues one instance, on whichever replica claims it. */
  async requeue(sql: EntityManager, id: number): Promise<void> {
    await runSql(
      sql,
      `WITH requeued AS (UPDATE work SET next_attempt_at = now(), requested = requested + 1 WHERE id = $1 RETURNING 1)
       SELECT ${notifyWork} WHERE EXISTS (SELECT 1 FROM requeued)`,
      [id],
    );
  }

  /** Requeues the instances that need one of these. */
  async requeueDependents(sql: EntityManager, requiredIds: readonly number[]): Promise<void> {
    await runSql(
      sql,
      `WITH locked AS (
         SELECT w.id FROM work w
         WHERE w.id IN (SELECT instance_id FROM instance_requirement WHERE required_id = ANY($1)) ${lockInOrder}),
       requeued AS (
         UPDATE work w SET next_attempt_at = now(), requested = requested + 1
         FROM locked l WHERE w.id = l.id RETURNING 1)
       SELECT ${notifyWork} WHERE EXISTS (SELECT 1 FROM requeued)`,
      [requiredIds],
    );
  }

  /** Delivers these instances, or all of a cluster, again: the agent does not have their desired revision. */
  async redeliver(sql: EntityManager, clusterId: number, ids: readonly number[] | 'all'): Promise<void> {
    if (ids !== 'all' && ids.length === 0) return;
    await runSql(
      sql,
      `WITH locked AS (
         SELECT w.id FROM work w WHERE w.cluster_id = $1 AND ($2::bigint[] IS NULL OR w.id = ANY($2)) ${lockInOrder}),
       requeued AS (
         UPDATE work w SET next_attempt_at = now(), requested = requested + 1, failures = 0, delivered_revision = 0,
           redeliveries = redeliveries + 1
         FROM locked l WHERE w.id = l.id RETURNING 1)
       SELECT ${notifyWork} WHERE EXISTS (SELECT 1 FROM requeued)`,
      [clusterId, ids === 'all' ? null : ids],
    );
  }

  /** Delivers all instances of these types again, one per interval. Earlier attempts stay. */
  async redeliverTypes(
    sql: EntityManager,
    clusterId: number,
    types: readonly string[],
    intervalMs: number,
  ): Promise<void> {
    await runSql(
      sql,
      `WITH affected AS (
         SELECT i.id, row_number() OVER (ORDER BY i.id) - 1 AS place FROM instance i
         WHERE i.cluster_id = $1 AND i.type = ANY($2::text[]) AND NOT i.deleting),
       locked AS (SELECT w.id, a.place FROM work w JOIN affected a ON a.id = w.id ${lockInOrder} OF w),
       requeued AS (
         UPDATE work w SET next_attempt_at = least(w.next_attempt_at, now() + ms(a.place * $3)), requested = requested + 1,
           failures = 0, delivered_revision = 0, redeliveries = redeliveries + 1
         FROM locked a WHERE w.id = a.id RETURNING 1)
       SELECT ${notifyWork} WHERE EXISTS (SELECT 1 FROM requeued)`,
      [clusterId, types, intervalMs],
    );
  }

  /** The claimable work of all clusters. The work of a disconnected cluster is no backlog. */
  async backlog(sql: EntityManager): Promise<Backlog> {
    const [backlog] = await runSql<Backlog>(
      sql,
      `SELECT count(*)::int AS depth,
         coalesce(extract(epoch FROM now() - min(greatest(w.next_attempt_at, c.queue_resumes_at))), 0)::float8
           AS "ageSeconds"
       FROM cluster c JOIN work w ON w.cluster_id = c.id AND w.next_attempt_at <= now()
       WHERE c.connected AND c.queue_resumes_at <= now()`,
    );
    return backlog ?? { depth: 0, ageSeconds: 0 };
  }

  /** The highest revision that an agent may have received; no revision is sent until the transaction ends. */
  async lockSentRevision(sql: EntityManager, id: number): Promise<number> {
    const [work] = await runSql<{ sent_revision: number }>(
      sql,
      'SELECT sent_revision FROM work WHERE id = $1 FOR NO KEY UPDATE',
      [id],
    );
    if (work === undefined) throw new Error(`there is no work with the id ${id}`);
    return work.sent_revision;
  }
}
