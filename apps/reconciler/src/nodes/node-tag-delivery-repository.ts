import { Injectable } from '@nestjs/common';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { ClusterAttemptRepository, type ClusterAttempts } from '../delivery/cluster-attempt-repository.js';
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
export class NodeTagDeliveryRepository implements ClusterAttempts<TagClaim> {
  readonly #attempts = new ClusterAttemptRepository('node_tag_delivery', ['cluster_id']);

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

  claim(sql: EntityManager, leaseMs: number, limit: number): Promise<TagClaim[]> {
    const returning =
      'c.id, c.aid, c.cid, c.connected, c.session_no AS "sessionNo", c.capabilities, a.changes, a.failures';
    return this.#attempts.claim(sql, { leaseMs, limit, returning });
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

  nextAttemptInMs(sql: EntityManager): Promise<number | undefined> {
    return this.#attempts.nextAttemptInMs(sql);
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
