import { Injectable } from '@nestjs/common';
import type { UpgradeWavePlan } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { Database } from '@runos/persistence';
import { latestRenderer, serviceType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { InstanceRepository } from '../instances/instance-repository.js';
import { pageOf, readCursor } from '../instances/page-cursor.js';
import { PlanUpgrade } from '../instances/plan-upgrade.js';
import { acceptedServiceSpec } from '../revisions/desired-spec.js';
import { blockingStateOf, UpgradeBlocks } from '../revisions/upgrade-blocks.js';
import { refuseUnoffered } from '../revisions/upgrade-target.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type PlannedGroup, UpgradeCandidateRepository } from './upgrade-candidate-repository.js';
import { type GroupPlan, planGroup } from './upgrade-groups.js';

type Input = z.output<typeof reconciler.planUpgradeWave.input>;

interface AccountPlan {
  readonly counts: Record<GroupPlan['kind'], number>;
  /** The groups that are not at the target. */
  readonly groups: readonly PlannedGroup[];
}

/** Plans the upgrade of all instances of a type, and writes nothing. */
@Injectable()
export class PlanUpgradeWave {
  constructor(
    private readonly database: Database,
    private readonly candidates: UpgradeCandidateRepository,
    private readonly instances: InstanceRepository,
    private readonly upgrades: PlanUpgrade,
    private readonly blocks: UpgradeBlocks,
  ) {}

  /** One page of the plan. @throws Fault `type.not_found`, `request.invalid` for a version that is not offered */
  async run({ type, version, limit, cursor }: Input, tenant: string): Promise<UpgradeWavePlan> {
    const sql = this.database.manager;
    const definition = serviceType(type);
    const { counts, groups } = await this.ofAccount(sql, tenant, type, version);
    const listed = { after: readCursor(cursor) ?? 0, limit: limit + 1 };
    const ids = await this.candidates.listIds(sql, tenant, type, groups, listed);
    const { page, nextCursor } = pageOf(ids, limit);
    const rows = await this.instances.readAll(
      sql,
      page.map(({ id }) => id),
    );
    const instances: UpgradeWavePlan['instances'] = [];
    const blocked: UpgradeWavePlan['blocked'] = [];
    for (const row of rows) {
      if (row === undefined) continue; // deleted since it was listed
      const { cid, osid } = row;
      const { version: current, rendererVersion, config } = acceptedServiceSpec(row);
      const group = { version: current, rendererVersion, config, ...blockingStateOf(row) };
      const plan = this.#withBlock(planGroup(definition, group, version), row);
      if (plan.kind === 'blocked') blocked.push({ cid, osid, ...plan.block });
      if (plan.kind === 'changing') instances.push({ cid, osid, ...this.upgrades.compare(row, version) });
    }
    return { type, rendererVersion: latestRenderer(definition), counts, instances, blocked, nextCursor };
  }

  /** The plan of all instances, by groups. @throws Fault as `run` */
  async ofAccount(sql: EntityManager, tenant: string, type: string, version: string | undefined): Promise<AccountPlan> {
    const definition = serviceType(type);
    if (version !== undefined) refuseUnoffered(definition, version);
    const counts = { changing: 0, upToDate: 0, blocked: 0 };
    const groups: PlannedGroup[] = [];
    const candidates = await this.candidates.groups(sql, tenant, type);
    const atRisk = await this.#readAtRisk(sql, candidates);
    for (const { count, atRisk: id, config, ...group } of candidates) {
      const plan = this.#withBlock(
        planGroup(definition, { ...group, config }, version),
        id === null ? undefined : atRisk.get(id),
      );
      counts[plan.kind] += count;
      if (plan.kind !== 'upToDate') groups.push({ ...group, atRisk: id, plan });
    }
    return { counts, groups };
  }

  /** Whether data is at risk by an upgrade depends on the objects of the instance, so each of these is read. */
  async #readAtRisk(
    sql: EntityManager,
    groups: readonly Pick<PlannedGroup, 'atRisk'>[],
  ): Promise<ReadonlyMap<number, InstanceRow>> {
    const ids = groups.flatMap(({ atRisk }) => atRisk ?? []);
    const rows = ids.length === 0 ? [] : await this.instances.readAll(sql, ids);
    return new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.id, row] as const])));
  }

  /** The plan of an instance, by the plan of its group. */
  #withBlock(plan: GroupPlan, instance: InstanceRow | undefined): GroupPlan {
    if (plan.kind !== 'changing' || instance === undefined) return plan;
    const block = this.blocks.of(instance, { ...acceptedServiceSpec(instance), ...plan.target });
    return block === undefined ? plan : { kind: 'blocked', block };
  }
}
