import { Injectable } from '@nestjs/common';
import type { DetectedAddon } from '@runos/agent-protocol';
import { typesThatNeed } from '@runos/service-types';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ClusterLog } from '../clusters/cluster-log.js';
import { DependentRepository } from '../instances/dependent-repository.js';
import { clusterOf } from '../instances/event-budget.js';
import { EventRepository } from '../instances/event-repository.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import type { AddonReportRow } from './addon-report-repository.js';
import { ClusterAddonRepository } from './cluster-addon-repository.js';

type Report = Pick<AddonReportRow, 'addons' | 'reported_at'>;

/** Records damage to installed add-ons, and its repair, as events of the instances that need them. */
@Injectable()
export class AddonEvents {
  constructor(
    private readonly managed: ClusterAddonRepository,
    private readonly dependents: DependentRepository,
    private readonly events: EventRepository,
    private readonly log: ClusterLog,
  ) {}

  /** `before`: the report that `after` has replaced. */
  async record(sql: EntityManager, cluster: ClusterRow, before: Report | undefined, after: Report): Promise<void> {
    const rows = await this.managed.list(sql, cluster.aid, cluster.id);
    for (const addon of after.addons) {
      const earlier = before?.addons.find(({ name }) => name === addon.name);
      const isKept = rows.some(({ name, desired }) => name === addon.name && desired === 'installed');
      if (isKept && earlier?.problem !== addon.problem)
        await this.#recordChange(sql, cluster, addon, after.reported_at);
    }
  }

  async #recordChange(sql: EntityManager, cluster: ClusterRow, addon: DetectedAddon, at: Date): Promise<void> {
    const { name, problem } = addon;
    const type = problem === undefined ? 'AddonRepaired' : 'AddonDamaged';
    const message = describe(addon);
    this.log.write(cluster, problem === undefined ? 'info' : 'warn', { addon: name }, message);
    const types = typesThatNeed(name).map((each) => each.type);
    const key = createHash('sha256')
      .update(JSON.stringify([name, at, message]))
      .digest('base64url');
    const event = { key, at: at.toISOString(), type, object: null, fields: [], manager: null, message };
    const ids = await this.dependents.idsOfTypes(sql, cluster.id, types);
    await this.events.create(
      sql,
      ids.map((instanceId) => ({ ...event, instanceId, cluster: clusterOf(cluster) })),
    );
  }
}

function describe({ name, problem, ready }: DetectedAddon): string {
  if (problem === undefined) return `Add-on ${name} has no damaged objects any more.`;
  return `Add-on ${name}: ${problem}${ready === false ? ' RunOS applies it again.' : ''}`;
}
