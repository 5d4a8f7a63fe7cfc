import { Injectable } from '@nestjs/common';
import { type Addon, addon, installCommand } from '@runos/addons';
import { Fault } from '@runos/kernel';
import { afterCommit } from '@runos/persistence';
import { instanceType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { LogLine } from '../jobs/work-items.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import { AddonManifests } from './addon-manifests.js';
import { mayManageAddons } from './addon-permission.js';
import { AddonReportRepository } from './addon-report-repository.js';
import { detectionOf } from './addon-view.js';
import { type ClusterAddonRow, ClusterAddonRepository } from './cluster-addon-repository.js';

/** The add-ons that instances need in their cluster. */
@Injectable()
export class RequiredAddons {
  constructor(
    private readonly reports: AddonReportRepository,
    private readonly managed: ClusterAddonRepository,
    private readonly manifests: AddonManifests,
    private readonly wakeups: Wakeups,
  ) {}

  /** True if the agent may install add-ons, and this control plane has the manifest. */
  isInstallable(cluster: ClusterRow, each: Addon): boolean {
    return mayManageAddons(cluster) && this.manifests.has(each);
  }

  /** @throws Fault `addon.missing` with the commands of those that the agent may not install */
  refuseNotInstallable(cluster: ClusterRow, required: readonly Addon[]): void {
    const missing = required.filter((each) => !this.isInstallable(cluster, each));
    if (missing.length === 0) return;
    const addons = missing.map((each) => ({ name: each.name, version: each.version, command: installCommand(each) }));
    const named = missing.map(({ title, version }) => `${title} ${version}`).join(' and ');
    const commands = addons.map(({ command }) => command).join(' && ');
    throw new Fault(
      'addon.missing',
      `Cluster "${cluster.cid}" does not have ${named}, and its agent may not install it. Install it with "${commands}", then repeat the request.`,
      { addons },
    );
  }

  /**
   * Installs the add-ons that the cluster lacks for a new instance of this type. Returns a log line for each one that the
   * instance has to wait for. An unknown state is no reason to refuse: without a connected agent the instance waits, and the agent
   * reports what is missing.
   * @throws Fault `addon.missing` where the agent may not install them, or not any more; `conflict.deleting` while one is being removed
   */
  async ensure(sql: EntityManager, cluster: ClusterRow, typeName: string): Promise<LogLine[]> {
    const needed = instanceType(typeName).addons.map(addon);
    if (needed.length === 0) return [];
    const managed = await this.managed.list(sql, cluster.aid, cluster.id);
    const rowOf = ({ name }: Addon) => managed.find((row) => row.name === name);
    for (const each of needed) {
      const row = rowOf(each);
      if (row?.desired === 'removed') throw beingRemoved(cluster, each, row);
    }
    const report = await this.reports.current(sql, cluster.aid, cluster.id);
    const missing = needed.filter((each) => detectionOf(each, report).state === 'missing');
    this.refuseNotInstallable(cluster, missing);
    // RunOS installs the others already, or again.
    const unrequested = missing.filter((each) => rowOf(each) === undefined);
    for (const { name, version } of unrequested) {
      await this.managed.request(sql, cluster, { name, version, desired: 'installed', jobId: null });
    }
    if (unrequested.length > 0) afterCommit(sql, () => this.wakeups.wake('addons'));
    return needed.flatMap((each): LogLine[] => {
      const { title, version } = each;
      const row = rowOf(each);
      if (row?.ready === true || (row === undefined && !unrequested.includes(each))) return [];
      const message =
        row === undefined
          ? `The cluster does not have ${title}, so version ${version} is installed first.`
          : `${title} ${row.version} is being installed in the cluster.`;
      return [{ step: 'install-addon', level: 'info', message }];
    });
  }
}

/** A removal that the agent refuses stays open until its deadline, so the message states how to end it. */
function beingRemoved({ cid }: ClusterRow, { name, title }: Addon, { job_id, problem }: ClusterAddonRow): Fault {
  const job = job_id === null ? '' : ` by job ${job_id}`;
  const cause = problem === null ? '' : ` It waits: ${problem.replace(/\.$/, '')}.`;
  return new Fault(
    'conflict.deleting',
    `${title} is being removed from cluster "${cid}"${job}.${cause} ` +
      `To keep it, end the removal with POST /clusters/${cid}/addons/${name} in this account, then repeat the request.`,
    job_id === null ? {} : { jobId: job_id },
  );
}
