import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { Osid } from '@runos/osid';
import { runSql, TenantRepository } from '@runos/persistence';
import { serviceType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { Clusters } from '../clusters/clusters.js';
import { type InstanceRow, wholeInstance } from './instance-row.js';

class Row {
  readonly aid!: string;
}

/** Names one instance as callers do: `id` is the five characters or the whole OSID. */
export interface InstanceName {
  readonly cid: string;
  readonly type: string;
  readonly id: string;
}

export interface Page {
  readonly limit: number;
  /** Rows after this one. */
  readonly after: number;
}

/** What a list shows of an instance. */
export type ListedInstance = Pick<
  InstanceRow,
  'id' | 'iid' | 'osid' | 'type' | 'name' | 'state' | 'ready' | 'created_at'
> & { readonly class_id: string };

/** The rows of instances, with what belongs to them. */
@Injectable()
export class Instances extends TenantRepository<Row> {
  constructor(private readonly clusters: Clusters) {
    super(Row);
  }

  /** @throws Fault `cluster.not_found`, `type.not_found`, `service.not_found` */
  async get(sql: EntityManager, tenant: string, name: InstanceName): Promise<InstanceRow> {
    const found = await this.#read(sql, tenant, name);
    if (found === undefined) throw await this.#missing(sql, tenant, name);
    return found;
  }

  /** As `get`, and nobody else changes it before this transaction ends. */
  async lock(sql: EntityManager, tenant: string, name: InstanceName): Promise<InstanceRow> {
    const found = await this.lockIfKnown(sql, tenant, name);
    if (found === undefined) throw await this.#missing(sql, tenant, name);
    return found;
  }

  /** As `lock`, for those who may name what is long gone. */
  async lockIfKnown(sql: EntityManager, tenant: string, name: InstanceName): Promise<InstanceRow | undefined> {
    // First the lock, then the read: one statement for both would join the revision it saw before it had to wait.
    await this.query(sql, { tenant }, 'SELECT id FROM instance WHERE {tenant} AND iid = $1 FOR NO KEY UPDATE', [
      Osid.idOf(name.id, name.type) ?? '',
    ]);
    return this.#read(sql, tenant, name);
  }

  /** As `lockIfKnown`, of several accounts and in the same order. */
  async lockAllKnown(
    sql: EntityManager,
    names: readonly (InstanceName & { readonly tenant: string })[],
  ): Promise<(InstanceRow | undefined)[]> {
    const ids = names.map(({ type, id }) => Osid.idOf(id, type) ?? '');
    const locked = await this.query<{ id: number }>(
      sql,
      { everyTenantBecause: 'each row is found by its own account' },
      `SELECT i.id FROM instance i JOIN unnest($1::text[], $2::text[]) AS n(aid, iid) USING (aid, iid)
       WHERE {tenant} ORDER BY i.id FOR NO KEY UPDATE OF i`,
      [names.map(({ tenant }) => tenant), ids],
    );
    const rows = await runSql<InstanceRow>(sql, `${wholeInstance} WHERE i.id = ANY($1::bigint[])`, [
      locked.map(({ id }) => id),
    ]);
    const keyOf = (...parts: [aid: string, cid: string, type: string, iid: string]): string => parts.join('/');
    const byName = new Map(rows.map((row) => [keyOf(row.aid, row.cid, row.type, row.iid), row]));
    return names.map(({ tenant, cid, type }, index) => byName.get(keyOf(tenant, cid, type, ids[index] ?? '')));
  }

  /** One page of a cluster's instances, oldest first; of one type, if it is named. @throws Fault as `get` */
  async list(
    sql: EntityManager,
    tenant: string,
    cid: string,
    type: string | null,
    page: Page,
  ): Promise<ListedInstance[]> {
    // The cluster as a value and not by the join: so the index gives the page in order.
    const found = await this.query<ListedInstance>(
      sql,
      { tenant },
      `SELECT i.id, i.iid, i.osid, i.type, i.name, i.state, i.created_at, c.ready,
         r.spec->'sizing'->>'resourceRequirementClassId' AS class_id
       FROM instance i JOIN cluster c ON c.id = i.cluster_id
         JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision
       WHERE {tenant} AND i.cluster_id = (SELECT id FROM cluster WHERE aid = $5 AND cid = $1)
         AND i.id > $2 ${type === null ? 'AND $4::text IS NULL' : 'AND i.type = $4'}
       ORDER BY i.id LIMIT $3`,
      [cid, page.after, page.limit, type, tenant],
      'i.aid',
    );
    if (found.length === 0) {
      await this.clusters.get(sql, tenant, cid);
      if (type !== null) serviceType(type);
    }
    return found;
  }

  async #read(sql: EntityManager, tenant: string, { cid, type, id }: InstanceName): Promise<InstanceRow | undefined> {
    const [found] = await this.query<InstanceRow>(
      sql,
      { tenant },
      `${wholeInstance} WHERE {tenant} AND i.iid = $1 AND i.type = $2 AND c.cid = $3`,
      [Osid.idOf(id, type) ?? '', type, cid],
      'i.aid',
    );
    return found;
  }

  async #missing(sql: EntityManager, tenant: string, { cid, type, id }: InstanceName): Promise<Fault> {
    await this.clusters.get(sql, tenant, cid);
    serviceType(type);
    return new Fault('service.not_found', `There is no ${type} "${id}" in cluster "${cid}".`);
  }
}
