import { Injectable } from '@nestjs/common';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { ClusterRow } from '../schema/cluster-row.js';

/** The completed deletion of an instance. */
export class DeletionRow {
  readonly aid!: ClusterRow['aid'];
  readonly cid!: ClusterRow['cid'];
  readonly osid!: string;
  /** Those of the tombstone. */
  readonly revision!: number;
  readonly generation!: number;
  /** The agent of its own cluster is connected and receives instructions. */
  readonly connected!: ClusterRow['connected'];
  readonly session_no!: ClusterRow['session_no'];
  readonly uid!: ClusterRow['uid'];
  readonly foreign_uid!: ClusterRow['foreign_uid'];
}

/** The completed deletions of instances. Ids are never reused, so a deletion is final. */
@Injectable()
export class DeletionRepository extends TenantRepository<DeletionRow> {
  constructor() {
    super(DeletionRow);
  }

  /** Records the deletion of an instance whose row still exists. */
  async create(sql: EntityManager, instanceId: number): Promise<void> {
    await runSql(
      sql,
      `INSERT INTO deleted_instance (cluster_id, osid, aid, revision, generation)
       SELECT i.cluster_id, i.osid, i.aid, i.revision, r.generation FROM instance i
         JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision
       WHERE i.id = $1 ON CONFLICT DO NOTHING`,
      [instanceId],
    );
  }

  /** The deletions of this cluster among these OSIDs. */
  among(sql: EntityManager, tenant: string, cid: string, osids: readonly string[]): Promise<DeletionRow[]> {
    return this.query<DeletionRow>(
      sql,
      { tenant },
      (
        condition,
      ) => `SELECT d.aid, c.cid, d.osid, d.revision, d.generation, c.connected, c.session_no, c.uid, c.foreign_uid
       FROM cluster c JOIN deleted_instance d ON d.cluster_id = c.id
       WHERE ${condition('c.aid')} AND c.cid = $1 AND d.osid = ANY($2::text[])
         AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.osid = d.osid AND i.aid = d.aid)`,
      [cid, osids],
    );
  }
}
