import { Injectable } from '@nestjs/common';
import { addon, installCommand } from '@runos/addons';
import { Fault } from '@runos/kernel';
import { serviceType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { ClusterRow } from '../schema/cluster-row.js';
import { AddonRepository } from './addon-repository.js';
import { addonView } from './addon-view.js';

/** The add-ons that instances need in their cluster. */
@Injectable()
export class RequiredAddons {
  constructor(private readonly reports: AddonRepository) {}

  /**
   * An unknown state is no reason to refuse: without a connected agent the instance waits, and applies tell what is
   * missing.
   * @throws Fault `addon.missing` with the add-ons that the cluster lacks for this type, and their commands
   */
  async refuseMissing(sql: EntityManager, { id, aid, cid }: ClusterRow, typeName: string): Promise<void> {
    const type = serviceType(typeName);
    if (type.addons.length === 0) return;
    const report = await this.reports.current(sql, aid, id);
    const missing = type.addons.map(addon).filter((each) => addonView(each, report).state === 'missing');
    if (missing.length === 0) return;
    const addons = missing.map((each) => ({ name: each.name, version: each.version, command: installCommand(each) }));
    const named = missing.map(({ title, version }) => `${title} ${version}`).join(' and ');
    const commands = addons.map(({ command }) => command).join(' && ');
    throw new Fault(
      'addon.missing',
      `${type.title} needs ${named}, which cluster "${cid}" does not have. Install it with "${commands}", then repeat the request.`,
      { addons },
    );
  }
}
