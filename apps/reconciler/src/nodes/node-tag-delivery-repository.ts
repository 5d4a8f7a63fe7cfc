import { Injectable } from '@nestjs/common';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { ClusterRow } from '../schema/cluster-row.js';

/** A cluster whose agent is to receive the tags of its nodes. */
export interface TagClaim {
  readonly id: number;
  readonly aid: ClusterRow['aid'];
  readonly cid: ClusterRow['cid'];
  readonly connected: ClusterRow['connected'];
  readonly sessionNo: ClusterRow['session_no'];
  readonly capabilities: ClusterRow['capabilities'];
  /** The number of changes until the claim. */
  readonly changes: number;
  readonly failures: number;
}

/** The tags of a machine, as they are or are to be on its Kubernetes node. */
export interface TaggedMachine {
  readonly machineId: string;
  readonly tags: string[];
}

/** The deliveries of tags to cluster agents, one row per cluster. */
@Injectable()
export class NodeTagDeliveryRepository {
  /** Schedules a delivery now. */
  async request(sql: EntityManager, clusterId: number): Promise<void> {
    await runSql(
      sql,
      `INSERT INTO node_tag_delivery AS d (cluster_id, next_attempt_at) VALUES ($1, now())
       ON CONFLICT (cluster_id) DO UPDATE SET changes = d.changes + 1, failures = 0, next_attempt_at = now()`,
      [clusterId],
    );
  }

  /** Schedules a delivery now, in a cluster that has tags. */
  async repeat(sql: EntityManager, clusterId: number): Promise<void> {
    await runSql(
      sql,
      'UPDATE node_tag_delivery SET changes = changes + 1, failures = 0, next_attempt_at = now() WHERE cluster_id = $1',
      [clusterId],
    );
  }

  /** Claims deliveries to connected clusters whose attempt is reached. The next one follows after `leaseMs`. */
  claim(sql: EntityManager, leaseMs: number, limit: number): Promise<TagClaim[]> {
    return runSql<TagClaim>(
      sql,
      `UPDATE node_tag_delivery d SET next_attempt_at = now() + ms($1) FROM cluster c
       WHERE c.id = d.cluster_id AND d.cluster_id IN (
         SELECT q.cluster_id FROM node_tag_delivery q JOIN cluster e ON e.id = q.cluster_id
         WHERE q.next_attempt_at <= now() AND e.connected AND e.foreign_uid IS NULL
         ORDER BY q.next_attempt_at LIMIT $2 FOR NO KEY UPDATE OF q SKIP LOCKED)
       RETURNING c.id, c.aid, c.cid, c.connected, c.session_no AS "sessionNo", c.capabilities, d.changes, d.failures`,
      [leaseMs, limit],
    );
  }

  /** Records an attempt, unless the tags have changed since the claim. Returns whether it is recorded. */
  async record(
    sql: EntityManager,
    { id, changes }: TagClaim,
    attempt: { readonly failures: number; readonly afterMs: number | null },
  ): Promise<boolean> {
    const rows = await runSql(
      sql,
      `WITH recorded AS (
         UPDATE node_tag_delivery SET failures = $3, next_attempt_at = now() + ms($4)
         WHERE cluster_id = $1 AND changes = $2 RETURNING cluster_id)
       SELECT cluster_id FROM recorded`,
      [id, changes, attempt.failures, attempt.afterMs],
    );
    return rows.length > 0;
  }

  /** The time until the next attempt in a connected cluster, ms; undefined without one. */
  async nextAttemptInMs(sql: EntityManager): Promise<number | undefined> {
    const [next] = await runSql<{ ms: number | null }>(
      sql,
      `SELECT (extract(epoch FROM min(d.next_attempt_at) - now()) * 1000)::float8 AS ms
       FROM node_tag_delivery d JOIN cluster c ON c.id = d.cluster_id
       WHERE d.next_attempt_at IS NOT NULL AND c.connected AND c.foreign_uid IS NULL`,
    );
    return next === undefined || next.ms === null ? undefined : Math.max(0, next.ms);
  }

  machines(sql: EntityManager, clusterId: number): Promise<TaggedMachine[]> {
    return runSql<TaggedMachine>(
      sql,
      'SELECT machine_id AS "machineId", tags FROM node WHERE cluster_id = $1 AND tags IS NOT NULL ORDER BY id',
      [clusterId],
    );
  }

  /** `problems`: by machine id; a machine that is not in it gets `otherwise`. */
  async recordProblems(
    sql: EntityManager,
    clusterId: number,
    problems: Readonly<Record<string, string | null>>,
    otherwise: string | null,
  ): Promise<void> {
    await runSql(
      sql,
      `WITH changed AS (
         SELECT n.id, CASE WHEN $2::jsonb ? n.machine_id THEN $2::jsonb->>n.machine_id ELSE $3 END AS problem
         FROM node n WHERE n.cluster_id = $1 AND n.tags IS NOT NULL ORDER BY n.id FOR NO KEY UPDATE)
       UPDATE node n SET tags_problem = c.problem FROM changed c
       WHERE n.id = c.id AND n.tags_problem IS DISTINCT FROM c.problem`,
      [clusterId, JSON.stringify(problems), otherwise],
    );
  }
}
