import { Controller } from '@nestjs/common';
import { addons } from '@runos/addons';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { ClusterShare } from '../clusters/cluster-share.js';
import { isFromForeign } from '../connections/foreign-agent.js';
import { callerOf } from '../writes/preconditions.js';
import { AddonEvents } from './addon-events.js';
import { AddonReadiness } from './addon-readiness.js';
import { AddonReportRepository } from './addon-report-repository.js';
import { addonView } from './addon-view.js';
import { ClusterAddonRepository } from './cluster-addon-repository.js';
import { RequestAddon } from './request-addon.js';
import { RequiredAddons } from './required-addons.js';

type Call = CallContext<'tenant'>;

@Controller()
export class AddonsController {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly reports: AddonReportRepository,
    private readonly managed: ClusterAddonRepository,
    private readonly required: RequiredAddons,
    private readonly readiness: AddonReadiness,
    private readonly events: AddonEvents,
    private readonly requests: RequestAddon,
    private readonly share: ClusterShare,
  ) {}

  @Respond(reconciler.listAddons)
  async list({ cid }: InputOf<typeof reconciler.listAddons>, { tenant }: Call) {
    const sql = this.database.manager;
    const cluster = await this.clusters.get(sql, tenant, cid);
    const report = await this.reports.current(sql, tenant, cluster.id);
    const rows = await this.managed.list(sql, tenant, cluster.id);
    return {
      addons: addons.map((each) => {
        const managed = rows.find(({ name }) => name === each.name);
        return addonView(each, { report, managed, installable: this.required.isInstallable(cluster, each) });
      }),
    };
  }

  @Respond(reconciler.reportAddons)
  async report({ cid, ...report }: InputOf<typeof reconciler.reportAddons>, { tenant }: Call) {
    const record = async (sql: EntityManager) => {
      const cluster = await this.clusters.get(sql, tenant, cid, 'keep');
      const before = await this.reports.current(sql, tenant, cluster.id);
      await this.reports.store(sql, cluster, report);
      if (isFromForeign(report.clusterUid, cluster)) return; // the add-ons of our cluster are unknown to it
      const current = await this.reports.current(sql, tenant, cluster.id);
      await this.readiness.update(sql, cluster, current?.addons ?? []);
      if (current !== undefined) await this.events.record(sql, cluster, before, current);
    };
    await this.share.run({ tenant, cid }, () => this.database.transaction(record));
    return {};
  }

  @Respond(reconciler.installAddon)
  install(input: InputOf<typeof reconciler.installAddon>, call: Call) {
    return this.requests.install(input, callerOf(call));
  }

  @Respond(reconciler.removeAddon)
  remove(input: InputOf<typeof reconciler.removeAddon>, call: Call) {
    return this.requests.remove(input, callerOf(call));
  }
}
