import { Injectable } from '@nestjs/common';
import type { AgentConnection } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { afterCommit, Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { ClusterRow } from '../clusters/cluster-row.js';
import { Clusters } from '../clusters/clusters.js';
import { pauseJobs, resumeJobs } from '../jobs/job-clocks.js';
import { Pokes } from '../work/pokes.js';
import { wakeCluster } from '../work/wake-work.js';
import { planPresence } from './presence-plan.js';

/** Writes down where agents stand, and wakes what waited for them. */
@Injectable()
export class RecordPresence {
  constructor(
    private readonly database: Database,
    private readonly clusters: Clusters,
    private readonly pokes: Pokes,
  ) {}

  async run(told: AgentConnection, tenant: string): Promise<void> {
    await this.database.transaction((sql) =>
      told.nid === null ? this.#cluster(sql, told, tenant) : this.#node(sql, told, told.nid, tenant),
    );
  }

  async #cluster(sql: EntityManager, told: AgentConnection, tenant: string): Promise<void> {
    const cluster = await this.clusters.get(sql, tenant, told.cid, 'change');
    const { session_no: sessionNo, presence_seq: seq, present, uid } = cluster;
    const plan = planPresence({ sessionNo, seq, present, uid }, told);
    if (!plan.news) return;
    await runSql(
      sql,
      `UPDATE cluster SET session_no = $2, presence_seq = $3, present = $4, ready = $5, was_ready = was_ready OR $5,
         agent_version = coalesce($6, agent_version), capabilities = $7, uid = $8, foreign_uid = $9,
         last_heartbeat_at = coalesce($10, last_heartbeat_at),
         certificate_expires_at = coalesce($11, certificate_expires_at),
         not_before = CASE WHEN $12 THEN now() ELSE not_before END WHERE id = $1`,
      [
        cluster.id,
        told.sessionNo,
        told.seq,
        plan.present,
        told.ready && plan.foreignUid === null,
        told.version,
        told.capabilities,
        plan.uid,
        plan.foreignUid,
        told.lastHeartbeatAt,
        told.certificateExpiresAt,
        plan.turn === 'arrived',
      ],
    );
    if (plan.turn === 'arrived') await this.#arrived(sql, cluster);
    if (plan.turn === 'left') await pauseJobs(sql, cluster);
  }

  async #arrived(sql: EntityManager, cluster: ClusterRow): Promise<void> {
    await wakeCluster(sql, cluster.id);
    await resumeJobs(sql, cluster);
    afterCommit(sql, () => {
      this.pokes.poke('work');
      this.pokes.poke('deadlines');
    });
  }

  async #node(sql: EntityManager, told: AgentConnection, nid: string, tenant: string): Promise<void> {
    const cluster = await this.clusters.get(sql, tenant, told.cid);
    const [known] = await runSql(
      sql,
      `WITH told AS (
         UPDATE node SET session_no = $3, presence_seq = $4, present = $5, ready = $6, was_ready = was_ready OR $6,
           version = coalesce($7, version), last_heartbeat_at = coalesce($8, last_heartbeat_at),
           certificate_expires_at = coalesce($9, certificate_expires_at)
         WHERE cluster_id = $1 AND nid = $2 AND (session_no, presence_seq) < ($3, $4))
       SELECT nid FROM node WHERE cluster_id = $1 AND nid = $2`,
      [
        cluster.id,
        nid,
        told.sessionNo,
        told.seq,
        told.connected,
        told.ready,
        told.version,
        told.lastHeartbeatAt,
        told.certificateExpiresAt,
      ],
    );
    if (known === undefined) throw new Fault('node.not_found', `There is no node "${nid}" in cluster "${told.cid}".`);
  }
}
