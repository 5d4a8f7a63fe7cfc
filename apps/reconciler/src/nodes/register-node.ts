import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { Fault, systemRandom } from '@runos/kernel';
import { Nid } from '@runos/osid';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { Clusters } from '../clusters/clusters.js';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import { refuseOver } from '../limits.js';

type Input = z.output<typeof reconciler.registerNode.input>;

@Injectable()
export class RegisterNode {
  constructor(
    private readonly database: Database,
    private readonly clusters: Clusters,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** The nid of a machine in its cluster: the one it had, or a new one. */
  async run(input: Input, tenant: string): Promise<{ nid: string }> {
    return this.database.transaction(async (sql) => {
      const cluster = await this.clusters.get(sql, tenant, input.cid, 'keep');
      if (cluster.deleting_since !== null) {
        throw new Fault('conflict.deleting', `Cluster "${input.cid}" is being deleted; no node can join it.`);
      }
      await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('node'), $1::int)`, [cluster.id]);
      const known = await runSql<{ nid: string; machine_id: string }>(
        sql,
        'SELECT nid, machine_id FROM node WHERE cluster_id = $1',
        [cluster.id],
      );
      const same = known.find(({ machine_id }) => machine_id === input.machineId);
      if (same !== undefined) return { nid: await renew(sql, cluster.id, same.nid, input) };
      refuseOver(this.config.maxNodesPerCluster, known.length, 'nodes', `Cluster "${input.cid}"`);
      const nid = Nid.mint(systemRandom, new Set(known.map((each) => each.nid)));
      await runSql(
        sql,
        'INSERT INTO node (aid, cluster_id, nid, machine_id, name, os) VALUES ($1, $2, $3, $4, $5, $6)',
        [tenant, cluster.id, nid, input.machineId, input.name ?? nid, input.os],
      );
      return { nid };
    });
  }
}

async function renew(sql: EntityManager, clusterId: number, nid: string, { os, name }: Input): Promise<string> {
  await runSql(sql, 'UPDATE node SET os = $3, name = coalesce($4, name) WHERE cluster_id = $1 AND nid = $2', [
    clusterId,
    nid,
    os,
    name ?? null,
  ]);
  return nid;
}
