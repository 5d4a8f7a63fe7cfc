import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { Osid } from '@runos/osid';
import { runSql, TenantRepository } from '@runos/persistence';
import { app, instanceType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { ClusterRepository, keepConnection } from '../clusters/cluster-repository.js';
import { DeletionRepository } from '../deletions/deletion-repository.js';
import { InstanceRow } from '../schema/instance-row.js';

/** Names one instance as callers do: `id` is the five characters or the whole OSID. */
export interface InstanceName {
  readonly cid: string;
  readonly type: string;
  readonly id: string;
}

export interface Page {
  readonly limit: number;
  /** The page starts after the row with this id. */
  readonly after: number;
}

export type ListedInstanceRow = Pick<
  InstanceRow,
  | 'id'
  | 'iid'
  | 'osid'
  | 'kind'
  | 'type'
  | 'name'
  | 'state'
  | 'reason'
  | 'observed_generation'
  | 'awaited_addons'
  | 'awaited'
  | 'ready'
  | 'created_at'
> & {
  readonly class_id: string;
  /** The first mapped port of an app. */
  readonly port: number | null;
};

/** The queued jobs of an instance; at most one of them has a spec. */
const queuedJobs = (instanceId: string): string =>
  `FROM job_ref j WHERE j.instance_id = ${instanceId} AND j.outcome IS NULL AND j.queue_position IS NOT NULL`;
/** SQL expression: the spec of the queued rollout of an instance, or null. */
export const queuedSpec = (instanceId: string): string =>
  `(SELECT j.pending->'spec' ${queuedJobs(instanceId)} AND j.pending ? 'spec')`;

/** SQL expression: the add-ons that RunOS installs in the cluster of an instance and that are not ready. */
const awaitedAddons = `coalesce((SELECT jsonb_agg(jsonb_build_object('name', a.name, 'problem', a.problem)) FROM cluster_addon a
      WHERE a.cluster_id = i.cluster_id AND a.desired = 'installed' AND NOT a.ready), '[]') AS awaited_addons`;

/** SQL expression: the OSIDs of the instances that an instance requires and that are not ready to be used yet. */
const awaitedInstances = `ARRAY(SELECT q.osid FROM instance_requirement x JOIN instance q ON q.id = x.required_id
      WHERE x.instance_id = i.id AND NOT (q.state = 'healthy' OR q.state = 'degraded' AND q.ready_replicas > 0)
      ORDER BY q.osid)`;

/** SQL expression: why an app was refused with its new credentials, or null. */
const credentialRefusal = `(SELECT jsonb_build_object('message', x.refusal, 'since', x.refused_at) FROM credential_rollout x
      WHERE x.instance_id = i.id AND x.refusal IS NOT NULL ORDER BY x.id LIMIT 1)`;

/** Reads an `InstanceRow`. */
const selectInstance = `
  SELECT i.id, i.aid, i.cluster_id, i.iid, i.kind, i.type, i.osid, i.name, i.source, i.generation, i.revision, i.deleting, i.changed_by,
    i.created_at, i.updated_at, i.state, i.reason, i.message, i.conditions, i.observed_generation, i.ready_replicas, i.desired_replicas,
    i.outdated_replicas, i.ready_revision,
    i.objects, i.diverged, i.status_session_no, i.status_sequence, i.reported_state, i.volume_capacity_mb, i.secrets_sealed, r.spec, r.digest, r.accepts_data_loss,
    (r.spec->'allowedWriters')::text AS own_writers, r.trace, r.generation AS bundle_generation,
    ${queuedSpec('i.id')} AS queued_spec, EXISTS (SELECT 1 ${queuedJobs('i.id')}) AS has_queue,
    c.cid, c.root, c.connected, c.capabilities, c.session_no, c.ready, c.was_ready, c.deletion_requested_at, c.uid, c.foreign_uid,
    c.last_heartbeat_at, c.local_storage_class, c.distributed_storage_class, c.allowed_writers AS cluster_writers,
    clock_timestamp() AS now,
    ${credentialRefusal} AS credential_refusal,
    ${awaitedInstances} AS awaited,
    ${awaitedAddons}
  FROM instance i
    JOIN cluster c ON c.id = i.cluster_id
    JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision`;

/**
 * Locks the instances that `select` reads as `id` and `cluster_id`. First it keeps the connections of their clusters, so
 * that a later statement reads the connection that holds until the commit. MATERIALIZED and the sorting keep this order.
 */
const lockInstances = (select: string): string => `
  WITH named AS MATERIALIZED (${select}),
    kept AS MATERIALIZED (
      SELECT ${keepConnection('cluster_id')} FROM (SELECT DISTINCT cluster_id FROM named ORDER BY cluster_id) c)
  SELECT i.id FROM instance i
  WHERE i.id = ANY(ARRAY(SELECT id FROM named)) AND (SELECT count(*) FROM kept) > 0 ORDER BY i.id FOR NO KEY UPDATE`;

/** What is known of an instance beside its spec. */
export type Description = Pick<InstanceRow, 'name' | 'source'>;

/** Concurrent creations in one cluster are always fewer than this, because connections are fewer. */
const creationMargin = 1_000;

@Injectable()
export class InstanceRepository extends TenantRepository<InstanceRow> {
  constructor(
    private readonly clusters: ClusterRepository,
    private readonly deletions: DeletionRepository,
  ) {
    super(InstanceRow);
  }

  /** @throws Fault `cluster.not_found`, `type.not_found`, `service.not_found`, `app.not_found` */
  async get(sql: EntityManager, tenant: string, name: InstanceName): Promise<InstanceRow> {
    return (await this.#read(sql, tenant, name)) ?? this.#refuseUnknown(sql, tenant, name);
  }

  /** As `get`, and locks the instance and keeps the connection of its cluster until the transaction ends. */
  async lock(sql: EntityManager, tenant: string, name: InstanceName): Promise<InstanceRow> {
    return (await this.lockIfExists(sql, tenant, name)) ?? this.#refuseUnknown(sql, tenant, name);
  }

  /** As `lock`, for names of instances that may be deleted. */
  async lockIfExists(sql: EntityManager, tenant: string, name: InstanceName): Promise<InstanceRow | undefined> {
    // One statement for the lock and the join would return the revision from before the wait for the lock.
    await this.query(
      sql,
      { tenant },
      (condition) => lockInstances(`SELECT id, cluster_id FROM instance WHERE ${condition('aid')} AND iid = $1`),
      [Osid.idOf(name.id, name.type) ?? ''],
    );
    return this.#read(sql, tenant, name);
  }

  /** Locks instances by their row ids, as `lock` does. */
  async lockRows(sql: EntityManager, ids: readonly number[]): Promise<void> {
    await runSql(sql, lockInstances('SELECT id, cluster_id FROM instance WHERE id = ANY($1::bigint[])'), [ids]);
  }

  /** As `lockIfExists`, for instances of several accounts; the result has the order of `names`. */
  async lockAllExisting(
    sql: EntityManager,
    names: readonly (InstanceName & { readonly tenant: string })[],
  ): Promise<(InstanceRow | undefined)[]> {
    const ids = names.map(({ type, id }) => Osid.idOf(id, type) ?? '');
    const locked = await this.query<{ id: number }>(
      sql,
      { everyTenantBecause: 'each row is found by its own account' },
      (condition) =>
        lockInstances(`SELECT i.id, i.cluster_id FROM instance i
           JOIN unnest($1::text[], $2::text[]) AS n(aid, iid) USING (aid, iid) WHERE ${condition('i.aid')}`),
      [names.map(({ tenant }) => tenant), ids],
    );
    const rows = await this.#readIds(
      sql,
      locked.map(({ id }) => id),
    );
    const keyOf = (...parts: [aid: string, cid: string, type: string, iid: string]): string => parts.join('/');
    const byName = new Map(rows.map((row) => [keyOf(row.aid, row.cid, row.type, row.iid), row]));
    return names.map(({ tenant, cid, type }, index) => byName.get(keyOf(tenant, cid, type, ids[index] ?? '')));
  }

  /** The instances with these OSIDs that exist, in any order. */
  listByOsid(sql: EntityManager, tenant: string, osids: readonly string[]): Promise<InstanceRow[]> {
    return this.query<InstanceRow>(
      sql,
      { tenant },
      (condition) => `${selectInstance} WHERE ${condition('i.aid')} AND i.osid = ANY($1::text[])`,
      [osids],
    );
  }

  /** Reads instances by row id; the result has the order of `ids`. */
  async readAll(sql: EntityManager, ids: readonly number[]): Promise<(InstanceRow | undefined)[]> {
    const byId = new Map((await this.#readIds(sql, ids)).map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id));
  }

  /** One page of the instances of a cluster, oldest first: of one type if it is given, else all services. @throws Fault as `get` */
  async list(
    sql: EntityManager,
    tenant: string,
    cid: string,
    type: string | null,
    page: Page,
  ): Promise<ListedInstanceRow[]> {
    // The cluster id is a value and not joined, so that the index returns the page in order.
    const found = await this.query<ListedInstanceRow>(
      sql,
      { tenant },
      (
        condition,
      ) => `SELECT i.id, i.iid, i.osid, i.kind, i.type, i.name, i.state, i.reason, i.observed_generation, i.created_at,
         c.ready, ${awaitedAddons}, CASE WHEN i.observed_generation = 0 THEN ${awaitedInstances} ELSE '{}' END AS awaited,
         coalesce(${queuedSpec('i.id')}, r.spec)->'sizing'->>'resourceRequirementClassId' AS class_id,
         (coalesce(${queuedSpec('i.id')}, r.spec)->'inputs'->'servicePortMappings'->0->>'port')::int AS port
       FROM instance i JOIN cluster c ON c.id = i.cluster_id
         JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision
       WHERE ${condition('i.aid')} AND i.cluster_id = (SELECT id FROM cluster WHERE aid = $5 AND cid = $1)
         AND i.id > $2 ${type === null ? "AND $4::text IS NULL AND i.kind = 'service'" : 'AND i.type = $4'}
       ORDER BY i.id LIMIT $3`,
      [cid, page.after, page.limit, type, tenant],
    );
    if (found.length === 0) {
      await this.clusters.get(sql, tenant, cid);
      if (type !== null) instanceType(type);
    }
    return found;
  }

  /**
   * The OSIDs among `osids` that belong to another cluster. An id that this account has minted is looked up within the
   * account only, because another account may have minted the same id.
   */
  async foreignAmong(sql: EntityManager, tenant: string, osids: readonly string[]): Promise<string[]> {
    const parsed = osids.flatMap((osid) => {
      const id = Osid.parse(osid)?.id;
      return id === undefined ? [] : [{ osid, id }];
    });
    if (parsed.length === 0) return [];
    const foreign = await runSql<{ osid: string }>(
      sql,
      `SELECT n.osid FROM jsonb_to_recordset($1::jsonb) AS n(osid text, id text)
       WHERE EXISTS (SELECT 1 FROM instance i WHERE i.osid = n.osid
         AND (i.aid = $2 OR NOT EXISTS (SELECT 1 FROM minted_id m WHERE m.aid = $2 AND m.id = n.id)))`,
      [JSON.stringify(parsed), tenant],
    );
    return foreign.map(({ osid }) => osid);
  }

  /** The number of instances of a cluster. Near the limit, creations are serialized so that none exceeds it. */
  async countForCreate(sql: EntityManager, clusterId: number, limit: number): Promise<number> {
    const count = await this.#count(sql, clusterId);
    if (limit === 0 || count + creationMargin < limit) return count;
    await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('instance'), $1::int)`, [clusterId]);
    return this.#count(sql, clusterId);
  }

  /**
   * Changes what is no part of the spec, without a new revision. The generation grows, so that stale writes are refused. No object
   * carries the name, so the observed generations grow with it, those of the conditions too.
   */
  async describe(
    sql: EntityManager,
    { id, generation, conditions }: Pick<InstanceRow, 'id' | 'generation' | 'conditions'>,
    { name, source }: Description,
    changedBy: string,
  ): Promise<void> {
    const grown = conditions.map((condition) =>
      condition.observedGeneration === generation ? { ...condition, observedGeneration: generation + 1 } : condition,
    );
    await runSql(
      sql,
      `UPDATE instance SET name = $2, source = $5, changed_by = $3, updated_at = now(), generation = generation + 1,
         observed_generation = CASE WHEN observed_generation = generation THEN generation + 1 ELSE observed_generation END,
         conditions = $4
       WHERE id = $1`,
      [id, name, changedBy, JSON.stringify(grown), JSON.stringify(source)],
    );
  }

  /** As `describe`, for an instance whose new revision raises the generation. */
  async setDescription(sql: EntityManager, id: number, { name, source }: Description): Promise<void> {
    await runSql(sql, 'UPDATE instance SET name = $2, source = $3 WHERE id = $1', [id, name, JSON.stringify(source)]);
  }

  /** Deletes the row of an instance, and keeps that it was deleted. */
  async remove(sql: EntityManager, id: number): Promise<void> {
    await this.deletions.create(sql, id);
    await runSql(sql, 'DELETE FROM instance WHERE id = $1', [id]);
  }

  async #count(sql: EntityManager, clusterId: number): Promise<number> {
    const [row] = await runSql<{ count: number }>(
      sql,
      'SELECT count(*)::int AS count FROM instance WHERE cluster_id = $1',
      [clusterId],
    );
    return row?.count ?? 0;
  }

  #readIds(sql: EntityManager, ids: readonly number[]): Promise<InstanceRow[]> {
    return runSql<InstanceRow>(sql, `${selectInstance} WHERE i.id = ANY($1::bigint[])`, [ids]);
  }

  async #read(sql: EntityManager, tenant: string, { cid, type, id }: InstanceName): Promise<InstanceRow | undefined> {
    const [found] = await this.query<InstanceRow>(
      sql,
      { tenant },
      (condition) => `${selectInstance} WHERE ${condition('i.aid')} AND i.iid = $1 AND i.type = $2 AND c.cid = $3`,
      [Osid.idOf(id, type) ?? '', type, cid],
    );
    return found;
  }

  async #refuseUnknown(sql: EntityManager, tenant: string, { cid, type, id }: InstanceName): Promise<never> {
    await this.clusters.get(sql, tenant, cid);
    instanceType(type);
    const code = type === app.type ? 'app.not_found' : 'service.not_found';
    throw new Fault(code, `There is no ${type} "${id}" in cluster "${cid}".`);
  }
}
