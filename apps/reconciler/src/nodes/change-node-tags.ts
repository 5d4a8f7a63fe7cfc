import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { afterCommit, Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { refuseDeleting } from '../clusters/refuse-deleting.js';
import { Wakeups } from '../work/wakeups.js';
import { nodeNotFound, NodeRepository } from './node-repository.js';
import { NodeTagDeliveryRepository } from './node-tag-delivery-repository.js';
import { matchesANode } from './node-tag-match.js';

type Input = z.output<typeof reconciler.updateNode.input>;

/** A warning names this many apps at most. */
const maxNamedApps = 10;
const waiting = 'The cluster agent has not set these tags yet.';

/** Replaces the tags of nodes; `DeliverNodeTags` delivers them. */
@Injectable()
export class ChangeNodeTags {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly nodes: NodeRepository,
    private readonly deliveries: NodeTagDeliveryRepository,
    private readonly wakeups: Wakeups,
  ) {}

  /** Returns warnings. @throws Fault `cluster.not_found`, `node.not_found`, `conflict.deleting` */
  async run(input: Input, tenant: string): Promise<string[]> {
    return this.database.transaction((sql) => this.#change(sql, input, tenant));
  }

  async #change(sql: EntityManager, { cid, nid, tags }: Input, tenant: string): Promise<string[]> {
    const cluster = await this.clusters.get(sql, tenant, cid, 'job');
    refuseDeleting(cluster);
    const before = await this.nodes.tagsOf(sql, cluster.id);
    const known = await this.nodes.setTags(sql, cluster.id, nid, tags, waiting);
    if (!known) throw nodeNotFound(nid, cid);
    await this.deliveries.request(sql, cluster.id);
    afterCommit(sql, () => this.wakeups.wake('node-tags'));
    const after = await this.nodes.tagsOf(sql, cluster.id);
    const pinned = await this.nodes.pinnedApps(sql, cluster.id);
    const lost = pinned.filter(({ pins }) => matchesANode(before, pins) && !matchesANode(after, pins));
    return lost.length === 0 ? [] : [describeLost(lost.map(({ osid }) => osid))];
  }
}

function describeLost(osids: readonly string[]): string {
  const more = osids.length - maxNamedApps;
  const named = osids.slice(0, maxNamedApps).join(', ');
  return `No node has the tags of ${named}${more > 0 ? ` and ${more} more` : ''} any more. Their new pods wait until one has.`;
}
