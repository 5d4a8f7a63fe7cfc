import { Controller } from '@nestjs/common';
import { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { Clusters } from '../clusters/clusters.js';
import { Heartbeats } from '../presence/heartbeats.js';
import { nodeView } from './node-row.js';
import { Nodes } from './nodes.js';
import { RegisterNode } from './register-node.js';

type Call = CallContext<'tenant'>;
type In<C extends { input: z.ZodType }> = z.output<C['input']>;

@Controller()
export class NodesController {
  constructor(
    private readonly database: Database,
    private readonly clusters: Clusters,
    private readonly nodes: Nodes,
    private readonly heartbeats: Heartbeats,
    private readonly registrations: RegisterNode,
  ) {}

  @Respond(reconciler.listNodes)
  async list({ cid }: In<typeof reconciler.listNodes>, { tenant }: Call) {
    return { nodes: await this.#read(tenant, cid) };
  }

  @Respond(reconciler.showNode)
  async show({ cid, nid }: In<typeof reconciler.showNode>, { tenant }: Call) {
    const [node] = await this.#read(tenant, cid, nid);
    if (node === undefined) throw new Fault('node.not_found', `There is no node "${nid}" in cluster "${cid}".`);
    return node;
  }

  @Respond(reconciler.registerNode)
  register(input: In<typeof reconciler.registerNode>, { tenant }: Call) {
    return this.registrations.run(input, tenant);
  }

  async #read(tenant: string, cid: string, nid?: string) {
    const sql = this.database.manager;
    const found = await this.nodes.list(sql, tenant, cid, nid);
    if (found.length === 0) await this.clusters.get(sql, tenant, cid);
    const beats = found.some(({ ready }) => ready) ? await this.heartbeats.of(tenant, cid) : undefined;
    return found.map((node) => nodeView(node, beats?.get(node.nid) ?? null));
  }
}
