import { Controller } from '@nestjs/common';
import { addons } from '@runos/addons';
import { reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { AddonRepository } from './addon-repository.js';
import { addonView } from './addon-view.js';

type Call = CallContext<'tenant'>;
type In<C extends { input: z.ZodType }> = z.output<C['input']>;

@Controller()
export class AddonsController {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly reports: AddonRepository,
  ) {}

  @Respond(reconciler.listAddons)
  async list({ cid }: In<typeof reconciler.listAddons>, { tenant }: Call) {
    const sql = this.database.manager;
    const { id } = await this.clusters.get(sql, tenant, cid);
    const report = await this.reports.current(sql, tenant, id);
    return { addons: addons.map((each) => addonView(each, report)) };
  }

  @Respond(reconciler.reportAddons)
  async report({ cid, ...report }: In<typeof reconciler.reportAddons>, { tenant }: Call) {
    await this.database.transaction(async (sql) =>
      this.reports.store(sql, await this.clusters.get(sql, tenant, cid, 'keep'), report),
    );
    return {};
  }
}
