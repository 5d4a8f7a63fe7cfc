import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { Fault, systemRandom } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Nid } from '@runos/osid';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { ClusterShare } from '../clusters/cluster-share.js';
import type { ReconcilerConfig } from '../config.js';
import { refuseOverLimit } from '../writes/preconditions.js';
import { nodeNotFound, NodeRepository } from './node-repository.js';

type Input = z.output<typeof reconciler.registerNode.input>;

@Injectable()
export class RegisterNode {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly nodes: NodeRepository,
    private readonly share: ClusterShare,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /**
   * The nid of a machine in its cluster: its earlier one, or a new one.
   * @throws Fault `node.not_found` when `nid` is given, and the machine does not have it any more
   */
  async run(input: Input, tenant: string): Promise<{ nid: string }> {
    const register = (sql: EntityManager) => this.#register(sql, input, tenant);
    return this.share.run({ tenant, cid: input.cid }, () => this.database.transaction(register));
  }

  async #register(
    sql: EntityManager,
    { cid, machineId, os, name, nid }: Input,
    tenant: string,
  ): Promise<{ nid: string }> {
    const cluster = await this.clusters.get(sql, tenant, cid, 'keep');
    if (cluster.deletion_requested_at !== null) {
      throw new Fault('conflict.deleting', `Cluster "${cid}" is being deleted; no node can join it.`);
    }
    const known = await this.nodes.lockRegistrations(sql, cluster.id);
    const earlier = known.get(machineId);
    if (nid !== undefined && nid !== earlier) throw nodeNotFound(nid, cid);
    if (earlier !== undefined) {
      await this.nodes.updateMachine(sql, cluster.id, earlier, os, name ?? null);
      return { nid: earlier };
    }
    refuseOverLimit(this.config.maxNodesPerCluster, known.size, 'nodes', `Cluster "${cid}"`);
    const minted = Nid.mint(systemRandom, new Set(known.values()));
    await this.nodes.create(sql, {
      aid: tenant,
      clusterId: cluster.id,
      nid: minted,
      machineId,
      name: name ?? minted,
      os,
    });
    return { nid: minted };
  }
}
