import { Injectable } from '@nestjs/common';
import { type Addon, addonByName } from '@runos/addons';
import type { AddonGoal } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { afterCommit, Database, idempotent } from '@runos/persistence';
import { typesThatNeed } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { refuseDeleting } from '../clusters/refuse-deleting.js';
import { DependentRepository, describeDependents } from '../instances/dependent-repository.js';
import { type ClusterJob, JobStarter } from '../jobs/job-starter.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { Wakeups } from '../work/wakeups.js';
import type { Caller } from '../writes/preconditions.js';
import { mayManageAddons } from './addon-permission.js';
import { AddonReportRepository } from './addon-report-repository.js';
import { detectionOf } from './addon-view.js';
import { ClusterAddonRepository } from './cluster-addon-repository.js';
import { RequiredAddons } from './required-addons.js';

type Input = z.output<typeof reconciler.installAddon.input>;

/** Accepts the installation and the removal of add-ons; `AddonReconciler` executes them. */
@Injectable()
export class RequestAddon {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly reports: AddonReportRepository,
    private readonly managed: ClusterAddonRepository,
    private readonly required: RequiredAddons,
    private readonly dependents: DependentRepository,
    private readonly jobs: JobStarter,
    private readonly wakeups: Wakeups,
  ) {}

  /** @throws Fault `addon.not_found`, `addon.missing`, `addon.present`, `conflict.deleting` */
  install(input: Input, caller: Caller): Promise<{ jobId: string }> {
    return this.#run(input, caller, async (sql, cluster, addon) => {
      this.required.refuseNotInstallable(cluster, [addon]);
      await this.#refuseForeign(sql, cluster, addon);
      return this.#request(sql, cluster, addon, 'installed', {
        type: 'addon.install',
        kind: 'apply',
        needsAgent: true,
        progress: `installing ${addon.title} ${addon.version}`,
        log: { step: 'validate', level: 'info', message: `${addon.title} ${addon.version} is to be installed.` },
      });
    });
  }

  /** @throws Fault `addon.not_found`, `addon.missing`, `addon.present`, `service.in_use`, `conflict.deleting` */
  remove(input: Input, caller: Caller): Promise<{ jobId: string }> {
    return this.#run(input, caller, async (sql, cluster, addon) => {
      await this.#refuseForeign(sql, cluster, addon);
      const managed = await this.managed.lock(sql, cluster.aid, cluster.id);
      if (!managed.some(({ name }) => name === addon.name)) {
        throw new Fault('addon.missing', `RunOS has not installed ${addon.title} in cluster "${cluster.cid}".`);
      }
      // Its job could only fail: nothing may be removed, and the goal would be `installed` again.
      if (!mayManageAddons(cluster)) {
        throw new Fault(
          'addon.present',
          `The agent of cluster "${cluster.cid}" may not remove add-ons. Give it the right again (RUNOS_ADDONS), then repeat the request.`,
        );
      }
      await this.#refuseInUse(sql, cluster, addon);
      return this.#request(sql, cluster, addon, 'removed', {
        type: 'addon.remove',
        kind: 'delete',
        needsAgent: true,
        progress: `removing ${addon.title}`,
        log: { step: 'check', level: 'info', message: `No instance of the cluster needs ${addon.title}.` },
      });
    });
  }

  #run(
    { cid, name, idempotency }: Input,
    { tenant }: Caller,
    write: (sql: EntityManager, cluster: ClusterRow, addon: Addon) => Promise<string>,
  ): Promise<{ jobId: string }> {
    const addon = addonByName(name);
    if (addon === undefined) throw new Fault('addon.not_found', `There is no add-on "${name}".`);
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        // A creation of an instance locks the row too: it is counted here, or it finds the new goal.
        const cluster = await this.clusters.get(sql, tenant, cid, 'update');
        refuseDeleting(cluster);
        return { jobId: await write(sql, cluster, addon) };
      }),
    );
  }

  async #request(sql: EntityManager, cluster: ClusterRow, addon: Addon, desired: AddonGoal, job: ClusterJob) {
    const { name, version } = addon;
    const [before] = (await this.managed.lock(sql, cluster.aid, cluster.id)).filter((row) => row.name === name);
    const jobId = await this.jobs.startClusterJob(sql, cluster, job);
    if (before?.job_id) await this.jobs.supersede(sql, [before.job_id], jobId);
    await this.managed.request(sql, cluster, { name, desired, version, jobId });
    afterCommit(sql, () => this.wakeups.wake('addons'));
    return jobId;
  }

  async #refuseForeign(sql: EntityManager, cluster: ClusterRow, addon: Addon): Promise<void> {
    const report = await this.reports.current(sql, cluster.aid, cluster.id);
    const { owner, version } = detectionOf(addon, report);
    if (owner !== 'user') return;
    throw new Fault(
      'addon.present',
      `Cluster "${cluster.cid}" has ${addon.title}${version === null ? '' : ` ${version}`}, which RunOS has not installed. RunOS uses it and never changes it.`,
    );
  }

  async #refuseInUse(sql: EntityManager, { id, cid }: ClusterRow, addon: Addon): Promise<void> {
    const types = typesThatNeed(addon.name).map(({ type }) => type);
    const found = await this.dependents.ofTypes(sql, id, types);
    if (found.instances === 0) return;
    const message = `${addon.title} of cluster "${cid}" is needed by ${describeDependents(found)}; delete them first.`;
    throw new Fault('service.in_use', message, { ...found });
  }
}
