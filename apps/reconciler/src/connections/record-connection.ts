import { Injectable } from '@nestjs/common';
import { type AgentConnection } from '@runos/contracts';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { ClusterShare } from '../clusters/cluster-share.js';
import { PausedDeadlineRepository } from '../jobs/paused-deadline-repository.js';
import { NodeRepository } from '../nodes/node-repository.js';
import { connectionTransition } from './connection-transition.js';
import { ResumeCluster } from './resume-cluster.js';

/** Stores the connections of agents, wakes their cluster queues, and pauses and resumes the deadlines of their jobs. */
@Injectable()
export class RecordConnection {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly nodes: NodeRepository,
    private readonly deadlines: PausedDeadlineRepository,
    private readonly resumption: ResumeCluster,
    private readonly share: ClusterShare,
  ) {}

  async run(report: AgentConnection, tenant: string): Promise<void> {
    const record = (sql: EntityManager) =>
      report.nid === null ? this.#cluster(sql, report, tenant) : this.#node(sql, report, report.nid, tenant);
    await this.share.run({ tenant, cid: report.cid }, () => this.database.transaction(record));
  }

  async #cluster(sql: EntityManager, report: AgentConnection, tenant: string): Promise<void> {
    const cluster = await this.clusters.get(sql, tenant, report.cid, 'change');
    const { session_no: sessionNo, connection_seq: seq, connected, uid, foreign_uid: foreignUid } = cluster;
    const next = connectionTransition({ sessionNo, seq, connected, uid, foreignUid }, report);
    if (!next.newer) return;
    if (next.change !== undefined) await this.clusters.lockConnection(sql, cluster.id);
    await this.clusters.storeConnection(sql, cluster.id, report, next);
    if (next.change === 'connected') await this.resumption.run(sql, cluster);
    if (next.change === 'disconnected') await this.deadlines.pause(sql, cluster);
  }

  async #node(sql: EntityManager, report: AgentConnection, nid: string, tenant: string): Promise<void> {
    const cluster = await this.clusters.get(sql, tenant, report.cid);
    await this.nodes.storeConnection(sql, cluster, nid, report);
  }
}
