import { Injectable } from '@nestjs/common';
import type { AddonGoal } from '@runos/api';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { ClusterAttemptRepository, type ClusterAttempts } from '../delivery/cluster-attempt-repository.js';
import type { ClusterRow } from '../schema/cluster-row.js';

/** An add-on that RunOS installs or removes in a cluster. */
export class ClusterAddonRow {
  readonly cluster_id!: number;
  readonly name!: string;
  readonly aid!: ClusterRow['aid'];
  readonly desired!: AddonGoal;
  readonly version!: string;
  /** The version that the agent has applied last. */
  readonly applied_version!: string | null;
  /** The agent reports the applied version as ready. */
  readonly ready!: boolean;
  readonly job_id!: string | null;
  /** Why the last attempt failed. */
  readonly problem!: string | null;
  readonly failures!: number;
}

/** A row whose next attempt is reached, with its cluster. */
export interface AddonClaim extends ClusterAddonRow {
  readonly cid: ClusterRow['cid'];
  readonly connected: ClusterRow['connected'];
  readonly sessionNo: ClusterRow['session_no'];
  readonly capabilities: ClusterRow['capabilities'];
  /** The job of a removal has ended, so nothing may be removed any more. */
  readonly abandoned: boolean;
}

export interface AddonRequest {
  readonly name: string;
  readonly desired: AddonGoal;
  readonly version: string;
  readonly jobId: string | null;
}

const columns =
  'a.cluster_id, a.name, a.aid, a.desired, a.version, a.applied_version, a.ready, a.job_id, a.problem, a.failures';

@Injectable()
export class ClusterAddonRepository extends TenantRepository<ClusterAddonRow> implements ClusterAttempts<AddonClaim> {
  readonly #attempts = new ClusterAttemptRepository('cluster_addon', ['cluster_id', 'name']);

  constructor() {
    super(ClusterAddonRow);
  }

  list(sql: EntityManager, tenant: string, clusterId: number): Promise<ClusterAddonRow[]> {
    return this.#list(sql, tenant, clusterId, '');
  }

  /** As `list`, locked until the end of the transaction. */
  lock(sql: EntityManager, tenant: string, clusterId: number): Promise<ClusterAddonRow[]> {
    return this.#list(sql, tenant, clusterId, 'FOR NO KEY UPDATE');
  }

  /** Stores that an add-on is to be installed or removed, and schedules the first attempt. */
  async request(sql: EntityManager, { id, aid }: ClusterRow, { name, desired, version, jobId }: AddonRequest) {
    await runSql(
      sql,
      `INSERT INTO cluster_addon (cluster_id, name, aid, desired, version, job_id, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, $6, now())
       ON CONFLICT (cluster_id, name) DO UPDATE SET desired = excluded.desired, version = excluded.version,
         job_id = excluded.job_id, applied_version = NULL, ready = false, problem = NULL, failures = 0, next_attempt_at = now()`,
      [id, name, aid, desired, version, jobId],
    );
  }

  claim(sql: EntityManager, leaseMs: number, limit: number): Promise<AddonClaim[]> {
    const returning = `${columns}, c.cid, c.connected, c.session_no AS "sessionNo", c.capabilities,
      a.desired = 'removed' AND NOT EXISTS (
        SELECT 1 FROM job_ref j WHERE j.job_id = a.job_id AND j.outcome IS NULL) AS abandoned`;
    return this.#attempts.claim(sql, { leaseMs, limit, returning });
  }

  /**
   * Schedules the next attempt. A claim moves the attempt into the future. An attempt that is not in the future was
   * requested since the claim, and it stays.
   */
  async recordAttempt(
    sql: EntityManager,
    { cluster_id, name }: ClusterAddonRow,
    attempt: {
      readonly appliedVersion: string | null;
      readonly problem: string | null;
      readonly failures: number;
      readonly afterMs: number;
    },
  ): Promise<void> {
    await runSql(
      sql,
      `UPDATE cluster_addon SET applied_version = coalesce($3, applied_version), problem = $4, failures = $5,
         next_attempt_at = CASE WHEN next_attempt_at <= now() THEN next_attempt_at ELSE now() + ms($6) END
       WHERE cluster_id = $1 AND name = $2`,
      [cluster_id, name, attempt.appliedVersion, attempt.problem, attempt.failures, attempt.afterMs],
    );
  }

  /** Installs every desired add-on of a cluster again, because its agent has lost them. */
  async installAgain(sql: EntityManager, clusterId: number): Promise<void> {
    await runSql(
      sql,
      `WITH lost AS (
         SELECT name FROM cluster_addon WHERE cluster_id = $1 AND desired = 'installed' ORDER BY name FOR NO KEY UPDATE)
       UPDATE cluster_addon a
       SET applied_version = NULL, ready = false, problem = NULL, failures = 0, next_attempt_at = now()
       FROM lost l WHERE a.cluster_id = $1 AND a.name = l.name`,
      [clusterId],
    );
  }

  /** A removal whose job has failed is not completed later: what it deleted is installed again. */
  async abandonRemoval(sql: EntityManager, { cluster_id, name, job_id }: ClusterAddonRow): Promise<void> {
    await runSql(
      sql,
      `UPDATE cluster_addon SET desired = 'installed', job_id = NULL, failures = 0, next_attempt_at = now()
       WHERE cluster_id = $1 AND name = $2 AND desired = 'removed' AND job_id = $3`,
      [cluster_id, name, job_id],
    );
  }

  /** An add-on that is ready has no next attempt; one that is not ready any more is applied again. */
  async recordReady(sql: EntityManager, { cluster_id, name }: ClusterAddonRow, ready: boolean): Promise<void> {
    await runSql(
      sql,
      `UPDATE cluster_addon SET ready = $3, next_attempt_at = CASE WHEN NOT $3 THEN now() END
       WHERE cluster_id = $1 AND name = $2`,
      [cluster_id, name, ready],
    );
  }

  async remove(sql: EntityManager, { cluster_id, name }: ClusterAddonRow): Promise<void> {
    await runSql(sql, 'DELETE FROM cluster_addon WHERE cluster_id = $1 AND name = $2', [cluster_id, name]);
  }

  nextAttemptInMs(sql: EntityManager): Promise<number | undefined> {
    return this.#attempts.nextAttemptInMs(sql);
  }

  #list(sql: EntityManager, tenant: string, clusterId: number, lock: string): Promise<ClusterAddonRow[]> {
    return this.query<ClusterAddonRow>(
      sql,
      { tenant },
      (condition) =>
        `SELECT ${columns} FROM cluster_addon a WHERE ${condition('a.aid')} AND a.cluster_id = $1 ORDER BY a.name ${lock}`,
      [clusterId],
    );
  }
}
