import { Injectable } from '@nestjs/common';
import { bundlesCapability } from '@runos/agent-protocol';
import type { AgentConnection } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { ConnectionTransition } from '../connections/connection-transition.js';
import { ClusterRow } from '../schema/cluster-row.js';

/**
 * The advisory lock of the connection of a cluster agent. A transaction that opens a job shares it. The clock of the job
 * is paused or runs according to the connection, until the commit shows the job to its next change. A lock
 * of the cluster's row would not do, because claims of work skip a locked cluster queue.
 */
const connectionLock = (clusterId: string): string => `hashtext('connection'), ${clusterId}::int`;

/** SQL expression: no change of the connection commits before this transaction. Precedes the locks of instances. */
export const keepConnection = (clusterId: string): string =>
  `pg_advisory_xact_lock_shared(${connectionLock(clusterId)})`;

const columns = `id, aid, cid, name, root, local_storage_class, distributed_storage_class, is_default, allowed_writers, generation, changed_by,
  created_at, updated_at, deletion_requested_at, uid, foreign_uid, session_no, connection_seq, connected, ready, was_ready,
  agent_version, capabilities, last_heartbeat_at, duplicate_addresses, agent_problems`;

/**
 * Row locks: `update` to delete a row, `change` to change it, `keep` to insert rows that refer to it. `job` is
 * `keep`, to insert a job of an instance too. It also keeps the connection, so that `connected` holds until the commit.
 */
const locks = {
  update: 'FOR UPDATE',
  change: 'FOR NO KEY UPDATE',
  keep: 'FOR KEY SHARE',
  job: 'FOR KEY SHARE',
  none: '',
} as const;

export interface NewCluster {
  readonly aid: string;
  readonly cid: string;
  readonly name: string;
  readonly root: string;
  readonly localStorageClass: string | null;
  readonly distributedStorageClass: string | null;
  readonly isDefault: boolean;
  readonly changedBy: string;
}

/** A claimed removal of a deleted cluster. */
export interface Removal {
  readonly id: number;
  readonly aid: string;
  readonly cid: string;
  readonly jobId: string;
  readonly failures: number;
}

@Injectable()
export class ClusterRepository extends TenantRepository<ClusterRow> {
  constructor() {
    super(ClusterRow);
  }

  /** @throws Fault `cluster.not_found` */
  async get(sql: EntityManager, tenant: string, cid: string, lock: keyof typeof locks = 'none'): Promise<ClusterRow> {
    if (lock === 'job') await this.#keepConnection(sql, tenant, cid);
    const [found] = await this.query<ClusterRow>(
      sql,
      { tenant },
      (condition) => `SELECT ${columns} FROM cluster WHERE ${condition('aid')} AND cid = $1 ${locks[lock]}`,
      [cid],
    );
    if (found !== undefined) return found;
    // Existing clients look for these words, and then name their default cluster as the cause.
    throw new Fault('cluster.not_found', `Cluster '${cid}' not found in account '${tenant}'.`);
  }

  /** The clusters of one account, oldest first. */
  list(sql: EntityManager, tenant: string): Promise<ClusterRow[]> {
    return this.query<ClusterRow>(
      sql,
      { tenant },
      (condition) => `SELECT ${columns} FROM cluster WHERE ${condition('aid')} ORDER BY id`,
    );
  }

  /** Serializes creations per account: the limit holds exactly, and one cluster becomes the default. */
  async lockCreations(sql: EntityManager, tenant: string): Promise<void> {
    await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('cluster'), hashtext($1))`, [tenant]);
  }

  async create(sql: EntityManager, cluster: NewCluster): Promise<void> {
    await runSql(
      sql,
      `INSERT INTO cluster (aid, cid, name, root, local_storage_class, distributed_storage_class, is_default, changed_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        cluster.aid,
        cluster.cid,
        cluster.name,
        cluster.root,
        cluster.localStorageClass,
        cluster.distributedStorageClass,
        cluster.isDefault,
        cluster.changedBy,
      ],
    );
  }

  async setWriters(
    sql: EntityManager,
    id: number,
    writers: ClusterRow['allowed_writers'],
    changedBy: string,
  ): Promise<void> {
    await runSql(
      sql,
      `UPDATE cluster SET allowed_writers = $2, updated_at = now(), generation = generation + 1, changed_by = $3 WHERE id = $1`,
      [id, JSON.stringify(writers), changedBy],
    );
  }

  async requestDeletion(sql: EntityManager, id: number, jobId: string, changedBy: string): Promise<void> {
    await runSql(
      sql,
      `UPDATE cluster SET deletion_requested_at = now(), updated_at = now(), generation = generation + 1,
         changed_by = $2, removal_job_id = $3, removal_next_attempt_at = now() WHERE id = $1`,
      [id, changedBy, jobId],
    );
  }

  /** Claims a cluster to remove; the next attempt follows after `leaseMs`, also when this replica dies. */
  async claimRemoval(sql: EntityManager, leaseMs: number): Promise<Removal | undefined> {
    const [claimed] = await runSql<Removal>(
      sql,
      `UPDATE cluster SET removal_next_attempt_at = now() + ms($1), removal_failures = removal_failures + 1
       WHERE id = (SELECT id FROM cluster WHERE removal_next_attempt_at <= now() ORDER BY removal_next_attempt_at LIMIT 1
                   FOR NO KEY UPDATE SKIP LOCKED)
       RETURNING id, aid, cid, removal_job_id AS "jobId", removal_failures AS failures`,
      [leaseMs],
    );
    return claimed;
  }

  async retryRemoval(sql: EntityManager, id: number, afterMs: number): Promise<void> {
    await runSql(sql, 'UPDATE cluster SET removal_next_attempt_at = now() + ms($2) WHERE id = $1', [id, afterMs]);
  }

  /** The time until the next removal attempt, ms; undefined when no cluster is being removed. */
  async nextRemovalInMs(sql: EntityManager): Promise<number | undefined> {
    const [next] = await runSql<{ ms: number | null }>(
      sql,
      `SELECT (extract(epoch FROM min(removal_next_attempt_at) - now()) * 1000)::float8 AS ms
       FROM cluster WHERE removal_next_attempt_at IS NOT NULL`,
    );
    return next?.ms ?? undefined;
  }

  /** Deletes a cluster with its nodes. */
  async remove(sql: EntityManager, id: number): Promise<void> {
    await runSql(sql, 'DELETE FROM cluster WHERE id = $1', [id]);
  }

  /** How many clusters of all accounts have a connected agent. Clusters without a first agent do not count. */
  async countConnections(sql: EntityManager): Promise<{ connected: number; disconnected: number }> {
    const [row] = await runSql<{ connected: number; disconnected: number }>(
      sql,
      `SELECT count(*) FILTER (WHERE connected)::int AS connected,
         count(*) FILTER (WHERE NOT connected)::int AS disconnected
       FROM cluster WHERE was_ready AND deletion_requested_at IS NULL`,
    );
    return row ?? { connected: 0, disconnected: 0 };
  }

  /**
   * Waits until no job opens that has read the connection; later ones wait until the transaction ends. The next
   * statement sees all jobs of the cluster that were opened.
   */
  async lockConnection(sql: EntityManager, id: number): Promise<void> {
    await runSql(sql, `SELECT pg_advisory_xact_lock(${connectionLock('$1')})`, [id]);
  }

  /** Stores a newer connection of the cluster agent. A new session ends the pause of its cluster queue. */
  async storeConnection(
    sql: EntityManager,
    id: number,
    report: AgentConnection,
    next: ConnectionTransition,
  ): Promise<void> {
    await runSql(
      sql,
      `UPDATE cluster SET session_no = $2, connection_seq = $3, connected = $4, ready = $5,
         was_ready = was_ready OR $5, agent_version = coalesce($6, agent_version), capabilities = $7, uid = $8,
         foreign_uid = $9, agent_connected = $15, agent_ready = $16,
         last_heartbeat_at = coalesce($10, last_heartbeat_at),
         certificate_expires_at = coalesce($11, certificate_expires_at), duplicate_addresses = $13,
         agent_problems = $14,
         queue_resumes_at = CASE WHEN $12 THEN now() ELSE queue_resumes_at END WHERE id = $1`,
      [
        id,
        report.sessionNo,
        report.seq,
        next.connected,
        report.ready && next.foreignUid === null,
        report.version,
        report.capabilities,
        next.uid,
        next.foreignUid,
        report.lastHeartbeatAt,
        report.certificateExpiresAt,
        next.change === 'connected',
        report.duplicateAddresses ?? null,
        report.problems?.length ? JSON.stringify(report.problems) : null,
        report.connected,
        report.ready,
      ],
    );
  }

  /** Binds a locked cluster to the Kubernetes cluster of its last agent, which is the connected one if its stream is open. */
  async acceptForeign(sql: EntityManager, id: number, changedBy: string): Promise<Pick<ClusterRow, 'connected'>> {
    const [accepted] = await runSql<Pick<ClusterRow, 'connected'>>(
      sql,
      `UPDATE cluster SET uid = foreign_uid, foreign_uid = NULL, ready = agent_ready, was_ready = was_ready OR agent_ready,
         connected = agent_connected AND $3 = ANY(capabilities), queue_resumes_at = now(), updated_at = now(),
         generation = generation + 1, changed_by = $2
       WHERE id = $1 AND foreign_uid IS NOT NULL RETURNING connected`,
      [id, changedBy, bundlesCapability],
    );
    if (accepted === undefined) throw new Error(`the last agent of cluster ${id} is not foreign`);
    return accepted;
  }

  /** A statement of its own, because the next one has to read the connection that the lock has waited for. */
  async #keepConnection(sql: EntityManager, tenant: string, cid: string): Promise<void> {
    await this.query(
      sql,
      { tenant },
      (condition) => `SELECT ${keepConnection('id')} FROM cluster WHERE ${condition('aid')} AND cid = $1`,
      [cid],
    );
  }
}
