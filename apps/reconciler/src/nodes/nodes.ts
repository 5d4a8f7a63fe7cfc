import { Injectable } from '@nestjs/common';
import { TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { NodeRow } from './node-row.js';

class Row {
  readonly aid!: string;
}

/** The rows of nodes. */
@Injectable()
export class Nodes extends TenantRepository<Row> {
  constructor() {
    super(Row);
  }

  /** Those of one cluster, or the one of them, oldest first. */
  list(sql: EntityManager, tenant: string, cid: string, nid?: string): Promise<NodeRow[]> {
    return this.query<NodeRow>(
      sql,
      { tenant },
      `SELECT n.nid, n.name, n.os, n.ready, n.was_ready, n.version, n.last_heartbeat_at, n.certificate_expires_at,
         c.deleting_since IS NOT NULL AS deleting
       FROM cluster c JOIN node n ON n.cluster_id = c.id
       WHERE {tenant} AND c.cid = $1 AND ($2::text IS NULL OR n.nid = $2) ORDER BY n.id`,
      [cid, nid ?? null],
      'c.aid',
    );
  }
}
