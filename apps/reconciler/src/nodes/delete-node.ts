import { Injectable } from '@nestjs/common';
import { agentGateway, type reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { nodeNotFound, NodeRepository, type NodeRow } from './node-repository.js';

type Input = z.output<typeof reconciler.deleteNode.input>;
type Output = z.output<typeof reconciler.deleteNode.output>;

/** Deletes nodes. Their machines and what Kubernetes runs on them stay as they are. */
@Injectable()
export class DeleteNode {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly nodes: NodeRepository,
    private readonly bus: Bus,
  ) {}

  /**
   * The certificates are revoked first: a node without a row could otherwise stay connected. They are revoked again at the
   * end, because the machine may have registered in between, while the row still existed.
   * @throws Fault `node.not_found`, `cluster.not_found`; `node.in_use` for a connected one, unless `force`
   */
  async run({ cid, nid, force }: Input, tenant: string): Promise<Output> {
    const sql = this.database.manager;
    const [node] = await this.nodes.list(sql, tenant, cid, nid);
    if (node === undefined) {
      await this.clusters.get(sql, tenant, cid);
      throw nodeNotFound(nid, cid);
    }
    if (node.ready && !force) throw inUse(node, cid);
    const revoke = () => this.bus.request(agentGateway.revokeNode, { cid, nid }, { tenant });
    await revoke();
    await this.nodes.remove(sql, tenant, cid, nid);
    await revoke();
    return { nid, name: node.name };
  }
}

function inUse({ nid, name, kubernetes_status: status, roles }: NodeRow, cid: string): Fault {
  const kubernetes = status === null ? '' : `; it reports Kubernetes ${status}, as ${roles.join(' and ') || 'no role'}`;
  const message = `The agent of node "${nid}" (${name}) of cluster "${cid}" is connected${kubernetes}. Drain the node and stop its agent first, or repeat the request with ?force=true.`;
  return new Fault('node.in_use', message, { usedBy: [`node-agent of ${name}`] });
}
