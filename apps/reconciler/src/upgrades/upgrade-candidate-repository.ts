import { Injectable } from '@nestjs/common';
import { TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { type Page, queuedSpec } from '../instances/instance-repository.js';
import { dataAtRisk } from '../revisions/data-loss-guard.js';
import { InstanceRow } from '../schema/instance-row.js';
import type { GroupPlan, InstanceGroup } from './upgrade-groups.js';

/** Instances of one type with the same target. */
export interface CandidateGroup extends Omit<InstanceGroup, 'config'> {
  /** Of its settings; null for none. The settings themselves are large. */
  readonly configHash: string | null;
  /** The row id of an instance whose data is at risk: each is a group of its own. */
  readonly atRisk: number | null;
}

interface CountedGroup extends CandidateGroup, InstanceGroup {
  readonly count: number;
}

/** Instances of one type whose upgrade has the same plan. */
export interface PlannedGroup extends CandidateGroup {
  readonly plan: GroupPlan;
}

const riskCondition = JSON.stringify([{ type: dataAtRisk, status: 'True' }]);

/** The instances `i` of the type `$1` with the fields of their accepted spec and state that decide about an upgrade. */
const candidates = `cluster c JOIN instance i ON i.cluster_id = c.id AND i.type = $1
  JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision
  CROSS JOIN LATERAL (SELECT coalesce(${queuedSpec('i.id')}, r.spec) AS spec) a
  CROSS JOIN LATERAL (SELECT a.spec->>'version' AS version, (a.spec->>'rendererVersion')::int AS renderer_version,
    nullif(a.spec->'config', 'null') AS config, md5(nullif(a.spec->'config', 'null')::text) AS config_hash,
    i.diverged IS NOT NULL AS diverged, CASE WHEN i.conditions @> '${riskCondition}' THEN i.id END AS at_risk) s`;

/** Joins the planned groups `p` of `$2`. */
const withPlan = `${candidates}
  JOIN jsonb_to_recordset($2::jsonb) AS p(version text, "rendererVersion" int, deleting boolean, diverged boolean, "configHash" text, "atRisk" bigint, plan jsonb)
    ON p.version = s.version AND p."rendererVersion" = s.renderer_version AND p.deleting = i.deleting
      AND p.diverged = s.diverged AND p."configHash" IS NOT DISTINCT FROM s.config_hash
      AND p."atRisk" IS NOT DISTINCT FROM s.at_risk`;

/** The instances of an account that an upgrade of their type concerns. */
@Injectable()
export class UpgradeCandidateRepository extends TenantRepository<InstanceRow> {
  constructor() {
    super(InstanceRow);
  }

  /** The groups of all instances of a type, with their settings and sizes. */
  groups(sql: EntityManager, tenant: string, type: string): Promise<CountedGroup[]> {
    return this.query(
      sql,
      { tenant },
      (condition) => `SELECT s.version, s.renderer_version AS "rendererVersion", i.deleting, s.diverged,
         s.config_hash AS "configHash", s.at_risk AS "atRisk", min(s.config::text)::jsonb AS config, count(*)::int AS count
       FROM ${candidates} WHERE ${condition('c.aid')} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
      [type],
    );
  }

  /** One page of the row ids of the instances in these groups, in order of creation. */
  async listIds(
    sql: EntityManager,
    tenant: string,
    type: string,
    groups: readonly PlannedGroup[],
    { after, limit }: Page,
  ): Promise<{ readonly id: number }[]> {
    return this.query<{ id: number }>(
      sql,
      { tenant },
      (condition) => `SELECT i.id FROM ${withPlan} WHERE ${condition('c.aid')} AND i.id > $3 ORDER BY i.id LIMIT $4`,
      [type, JSON.stringify(groups), after, limit],
    );
  }

  /** Stores the instances in these groups as those of a new wave. The healthy ones start first, then by cluster and id. */
  async addToWave(
    sql: EntityManager,
    tenant: string,
    wave: { readonly id: number; readonly type: string },
    groups: readonly PlannedGroup[],
  ): Promise<void> {
    await this.query(
      sql,
      { tenant },
      (condition) => `INSERT INTO upgrade_wave_instance (wave_id, position, cid, osid, from_version,
         from_renderer_version, to_version, state, reason, message)
       SELECT $3::bigint, row_number() OVER (ORDER BY NOT (c.ready AND i.state = 'healthy'), c.cid, i.id), c.cid, i.osid,
         s.version, s.renderer_version, p.plan->'target'->>'version',
         CASE WHEN p.plan->>'kind' = 'blocked' THEN 'skipped' ELSE 'pending' END, p.plan->'block'->>'reason',
         p.plan->'block'->>'message'
       FROM ${withPlan} WHERE ${condition('c.aid')}`,
      [wave.type, JSON.stringify(groups), wave.id],
    );
  }
}
