import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { type TenantScope, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { ClusterRow } from './cluster-row.js';

class Row {
  readonly aid!: string;
}

const columns = `id, aid, cid, name, root, local_storage_class, distributed_storage_class, is_default, generation, changed_by,
  created_at, updated_at, deleting_since, uid, foreign_uid, session_no, presence_seq, present, ready, was_ready,
  agent_version, last_heartbeat_at`;

export const clusterNotFound = (cid: string): Fault =>
  new Fault('cluster.not_found', `There is no cluster "${cid}" in this account.`);

/** How strongly a row is held: `update` by who ends it, `change` by who changes it, `keep` by who builds on it. */
const locks = { update: 'FOR UPDATE', change: 'FOR NO KEY UPDATE', keep: 'FOR KEY SHARE', none: '' } as const;

/** The rows of clusters. */
@Injectable()
export class Clusters extends TenantRepository<Row> {
  constructor() {
    super(Row);
  }

  /** @throws Fault `cluster.not_found` */
  async get(sql: EntityManager, tenant: string, cid: string, lock: keyof typeof locks = 'none'): Promise<ClusterRow> {
    const [found] = await this.query<ClusterRow>(
      sql,
      { tenant },
      `SELECT ${columns} FROM cluster WHERE {tenant} AND cid = $1 ${locks[lock]}`,
      [cid],
    );
    if (found === undefined) throw clusterNotFound(cid);
    return found;
  }

  /** Of one account, oldest first. */
  list(sql: EntityManager, reach: TenantScope): Promise<ClusterRow[]> {
    return this.query<ClusterRow>(sql, reach, `SELECT ${columns} FROM cluster WHERE {tenant} ORDER BY id`);
  }
}
