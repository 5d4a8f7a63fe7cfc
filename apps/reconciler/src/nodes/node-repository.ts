import { Injectable } from '@nestjs/common';
import type { Node } from '@runos/api';
import type { AgentConnection } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { ClusterRow } from '../schema/cluster-row.js';

/** A row of `node` as reads return it, with the deletion of its cluster. */
export class NodeRow {
  readonly aid!: string;
  readonly nid!: string;
  readonly name!: string;
  readonly os!: string;
  readonly ready!: boolean;
  readonly was_ready!: boolean;
  readonly version!: string | null;
  readonly last_heartbeat_at!: Date | null;
  readonly certificate_expires_at!: Date | null;
  /** What its agent reports about Kubernetes on the machine; null before the first report. */
  readonly kubernetes_status!: Node['kubernetesStatus'];
  readonly roles!: Node['roles'];
  /** Two machines with the certificate of this node, the earlier one first. */
  readonly duplicate_addresses!: readonly string[] | null;
  /** Null: never set. */
  readonly tags!: string[] | null;
  /** Why the Kubernetes node does not have these tags yet. */
  readonly tags_problem!: string | null;
  /** Its cluster is being deleted. */
  readonly deleting!: boolean;
}

export const nodeNotFound = (nid: string, cid: string): Fault =>
  new Fault('node.not_found', `There is no node "${nid}" in cluster "${cid}".`);

export interface NewNode {
  readonly aid: string;
  readonly clusterId: number;
  readonly nid: string;
  readonly machineId: string;
  readonly name: string;
  readonly os: string;
}

@Injectable()
export class NodeRepository extends TenantRepository<NodeRow> {
  constructor() {
    super(NodeRow);
  }

  /** The nodes of one cluster, oldest first; only one of them when `nid` is given. */
  list(sql: EntityManager, tenant: string, cid: string, nid?: string): Promise<NodeRow[]> {
    return this.query<NodeRow>(
      sql,
      { tenant },
      (condition) => `SELECT n.aid, n.nid, n.name, n.os, n.ready, n.was_ready, n.version, n.last_heartbeat_at,
         n.certificate_expires_at, n.kubernetes_status, n.roles, n.duplicate_addresses, n.tags, n.tags_problem,
         c.deletion_requested_at IS NOT NULL AS deleting
       FROM cluster c JOIN node n ON n.cluster_id = c.id
       WHERE ${condition('c.aid')} AND c.cid = $1 AND ($2::text IS NULL OR n.nid = $2) ORDER BY n.id`,
      [cid, nid ?? null],
    );
  }

  /** The tags of each node of a cluster. */
  async tagsOf(sql: EntityManager, clusterId: number): Promise<string[][]> {
    const text = `SELECT tags FROM node WHERE cluster_id = $1 AND tags <> '{}' ORDER BY id`;
    return (await runSql<{ tags: string[] }>(sql, text, [clusterId])).map(({ tags }) => tags);
  }

  /** Returns whether the node exists. `problem`: holds until the tags are delivered. */
  async setTags(sql: EntityManager, clusterId: number, nid: string, tags: readonly string[], problem: string) {
    const rows = await runSql(
      sql,
      `WITH changed AS (
         UPDATE node SET tags = $3, tags_problem = $4 WHERE cluster_id = $1 AND nid = $2 RETURNING nid)
       SELECT nid FROM changed`,
      [clusterId, nid, tags, problem],
    );
    return rows.length > 0;
  }

  /** The apps of a cluster that name tags, with those of their current revision. */
  pinnedApps(sql: EntityManager, clusterId: number): Promise<{ osid: string; pins: string[] }[]> {
    return runSql(
      sql,
      `SELECT i.osid, r.spec->'inputs'->'nodeAffinityTags' AS pins
       FROM instance i JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision
       WHERE i.cluster_id = $1 AND i.kind = 'app' AND NOT i.deleting AND r.spec->'inputs' ? 'nodeAffinityTags'
       ORDER BY i.id`,
      [clusterId],
    );
  }

  /** The nids of a cluster by machine id. Concurrent registrations of one cluster wait for each other. */
  async lockRegistrations(sql: EntityManager, clusterId: number): Promise<ReadonlyMap<string, string>> {
    await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('node'), $1::int)`, [clusterId]);
    const rows = await runSql<{ nid: string; machine_id: string }>(
      sql,
      'SELECT nid, machine_id FROM node WHERE cluster_id = $1',
      [clusterId],
    );
    return new Map(rows.map(({ machine_id, nid }) => [machine_id, nid]));
  }

  async create(sql: EntityManager, { aid, clusterId, nid, machineId, name, os }: NewNode): Promise<void> {
    await runSql(sql, 'INSERT INTO node (aid, cluster_id, nid, machine_id, name, os) VALUES ($1, $2, $3, $4, $5, $6)', [
      aid,
      clusterId,
      nid,
      machineId,
      name,
      os,
    ]);
  }

  async remove(sql: EntityManager, tenant: string, cid: string, nid: string): Promise<void> {
    await this.query(
      sql,
      { tenant },
      (condition) => `WITH removed AS (
         DELETE FROM node n USING cluster c
         WHERE c.id = n.cluster_id AND ${condition('c.aid')} AND c.cid = $1 AND n.nid = $2 RETURNING n.nid)
       SELECT nid FROM removed`,
      [cid, nid],
    );
  }

  async updateMachine(
    sql: EntityManager,
    clusterId: number,
    nid: string,
    os: string,
    name: string | null,
  ): Promise<void> {
    await runSql(sql, 'UPDATE node SET os = $3, name = coalesce($4, name) WHERE cluster_id = $1 AND nid = $2', [
      clusterId,
      nid,
      os,
      name,
    ]);
  }

  /** Stores a connection unless a newer one is stored. @throws Fault `node.not_found` */
  async storeConnection(sql: EntityManager, cluster: ClusterRow, nid: string, report: AgentConnection): Promise<void> {
    const [known] = await runSql(
      sql,
      `WITH stored AS (
         UPDATE node SET session_no = $3, connection_seq = $4, connected = $5, ready = $6, was_ready = was_ready OR $6,
           version = coalesce($7, version), last_heartbeat_at = coalesce($8, last_heartbeat_at),
           certificate_expires_at = coalesce($9, certificate_expires_at), duplicate_addresses = $10,
           kubernetes_status = coalesce($11, kubernetes_status), roles = coalesce($12, roles)
         WHERE cluster_id = $1 AND nid = $2 AND (session_no, connection_seq) < ($3, $4))
       SELECT nid FROM node WHERE cluster_id = $1 AND nid = $2`,
      [
        cluster.id,
        nid,
        report.sessionNo,
        report.seq,
        report.connected,
        report.ready,
        report.version,
        report.lastHeartbeatAt,
        report.certificateExpiresAt,
        report.duplicateAddresses ?? null,
        report.kubernetesStatus ?? null,
        report.roles ?? null,
      ],
    );
    if (known === undefined) throw nodeNotFound(nid, cluster.cid);
  }
}
