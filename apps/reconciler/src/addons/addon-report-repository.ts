import { Injectable } from '@nestjs/common';
import type { DetectedAddon } from '@runos/agent-protocol';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { ClusterRow } from '../schema/cluster-row.js';

/** The last report of the add-ons of one cluster. */
export class AddonReportRow {
  readonly aid!: string;
  readonly addons!: readonly DetectedAddon[];
  readonly reported_at!: Date;
}

/** A report of one session of the cluster agent. */
export interface AddonReport {
  readonly sessionNo: number;
  /** Its number within the session. Undefined from older agent gateways. */
  readonly sequence?: number | undefined;
  /** The Kubernetes cluster of the agent, as the session has stated it. */
  readonly clusterUid?: string | undefined;
  readonly addons: readonly DetectedAddon[];
}

@Injectable()
export class AddonReportRepository extends TenantRepository<AddonReportRow> {
  constructor() {
    super(AddonReportRow);
  }

  /**
   * The last report about a cluster, unless a later session has begun: its agent may be an older one that reports no
   * add-ons. The report of an agent in another Kubernetes cluster does not count either.
   */
  async current(sql: EntityManager, tenant: string, clusterId: number): Promise<AddonReportRow | undefined> {
    const [found] = await this.query<AddonReportRow>(
      sql,
      { tenant },
      (condition) => `SELECT r.aid, r.addons, r.reported_at
       FROM addon_report r JOIN cluster c ON c.id = r.cluster_id
       WHERE ${condition('r.aid')} AND r.cluster_id = $1 AND r.session_no >= c.session_no AND c.foreign_uid IS NULL
         AND coalesce(r.cluster_uid = c.uid, true)`,
      [clusterId],
    );
    return found;
  }

  /**
   * Replaces the report of a cluster, unless that is a later one. Reports without a number count in the order of arrival
   * within their session.
   */
  async store(sql: EntityManager, { id, aid }: ClusterRow, report: AddonReport): Promise<void> {
    const { sessionNo, sequence = 0, clusterUid = null, addons } = report;
    await runSql(
      sql,
      `INSERT INTO addon_report (cluster_id, aid, session_no, sequence, addons, cluster_uid)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (cluster_id) DO UPDATE SET session_no = excluded.session_no, sequence = excluded.sequence,
         addons = excluded.addons, cluster_uid = excluded.cluster_uid, reported_at = now()
       WHERE addon_report.session_no < excluded.session_no OR (addon_report.session_no = excluded.session_no
         AND (excluded.sequence = 0 OR addon_report.sequence < excluded.sequence))`,
      [id, aid, sessionNo, sequence, JSON.stringify(addons), clusterUid],
    );
  }
}
