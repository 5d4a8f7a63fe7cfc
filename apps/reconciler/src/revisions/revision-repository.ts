import { Injectable } from '@nestjs/common';
import type { Condition } from '@runos/kernel';
import { type Carrier, traceHeaders } from '@runos/observability';
import { runSql } from '@runos/persistence';
import type { AppSource } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { notifyWork } from '../work/work-repository.js';
import type { DesiredSpec } from './desired-spec.js';

interface NewRevision {
  readonly spec: DesiredSpec;
  readonly digest: string;
  readonly jobId: string;
  readonly changedBy: string;
  readonly conditions: readonly Condition[];
}

export interface NewInstance extends NewRevision {
  readonly aid: string;
  readonly clusterId: number;
  readonly iid: string;
  readonly type: string;
  readonly osid: string;
  readonly name: string;
  readonly source: AppSource;
  readonly secretsSealed: string;
}

export interface NextRevision extends NewRevision {
  readonly instanceId: number;
  /** Higher than the generation of the current revision. */
  readonly generation: number;
  /** The generation of the last accepted write. It is higher while queued jobs start after this revision. */
  readonly acceptedGeneration: number;
  readonly trace: Carrier;
  readonly kind: 'apply' | 'remove';
  /** The agent stores this revision already, so the next one is higher. It ends a divergence. */
  readonly aboveRevision: number | null;
  readonly acceptsDataLoss: boolean;
}

type AcceptedChange = Pick<NextRevision, 'instanceId' | 'changedBy' | 'conditions' | 'acceptedGeneration'>;

/** A revision in a list. */
export interface RevisionRow {
  readonly revision: number;
  readonly generation: number;
  readonly job_id: string | null;
  readonly changed_by: string;
  readonly created_at: Date;
}

export interface StoredRevision extends RevisionRow {
  readonly spec: DesiredSpec;
}

const columns = 'revision, generation, job_id, changed_by, created_at';

/** Inserts revisions together with the work that delivers them, and reads those that are no tombstones. */
@Injectable()
export class RevisionRepository {
  /** Inserts an instance with its first revision, to be delivered immediately. Returns its id. */
  async createInstance(sql: EntityManager, instance: NewInstance): Promise<number> {
    const [created] = await runSql<{ id: number }>(
      sql,
      `WITH created AS (
         INSERT INTO instance (aid, cluster_id, iid, type, osid, name, generation, revision, changed_by, secrets_sealed, conditions, kind, source)
         VALUES ($1, $2, $3, $4, $5, $6, 1, 1, $7, $8, $9, $14, $15) RETURNING id, cluster_id),
       first AS (
         INSERT INTO revision (instance_id, revision, generation, kind, spec, digest, job_id, changed_by, trace)
         SELECT id, 1, 1, 'apply', $10, $11, $12, $7, $13 FROM created),
       queued AS (
         INSERT INTO work (id, cluster_id, next_attempt_at, revision) SELECT id, cluster_id, now(), 1 FROM created)
       SELECT id, ${notifyWork} FROM created`,
      [
        instance.aid,
        instance.clusterId,
        instance.iid,
        instance.type,
        instance.osid,
        instance.name,
        instance.changedBy,
        instance.secretsSealed,
        JSON.stringify(instance.conditions),
        JSON.stringify(instance.spec),
        instance.digest,
        instance.jobId,
        JSON.stringify(traceHeaders()),
        instance.spec.kind,
        JSON.stringify(instance.source),
      ],
    );
    if (created === undefined) throw new Error(`instance ${instance.osid} was not inserted`);
    return created.id;
  }

  /** Inserts the next revision of a locked instance. A tombstone makes it `deleting`; another spec ends that. Returns the revision. */
  async create(sql: EntityManager, next: NextRevision): Promise<number> {
    const [created] = await runSql<{ revision: number }>(
      sql,
      `WITH changed AS (
         UPDATE instance SET generation = greatest(generation, $12), revision = greatest(revision, $10) + 1, updated_at = now(),
           diverged = CASE WHEN $10::int IS NULL THEN diverged END,
           history_start = CASE WHEN $10::int IS NULL THEN history_start ELSE greatest(revision, $10) + 1 END,
           changed_by = CASE WHEN $12 > generation THEN $2 ELSE changed_by END,
           deleting = $3 = 'remove', ready_replicas = CASE WHEN $3 = 'remove' THEN 0 ELSE ready_replicas END, conditions = $4, reason = NULL, message = NULL,
           state = CASE WHEN $3 = 'remove' THEN 'deleting' WHEN state = 'pending' THEN state ELSE 'applying' END
         WHERE id = $1 RETURNING id, revision),
       created AS (
         INSERT INTO revision (instance_id, revision, generation, kind, spec, digest, job_id, changed_by, trace, accepts_data_loss)
         SELECT id, revision, $9, $3, $5, $6, $7, $2, $8, $11 FROM changed),
       queued AS (
         UPDATE work w SET revision = c.revision, requested = w.requested + 1, next_attempt_at = now(), failures = 0
         FROM changed c WHERE w.id = c.id)
       SELECT revision, ${notifyWork} FROM changed`,
      [
        next.instanceId,
        next.changedBy,
        next.kind,
        JSON.stringify(next.conditions),
        JSON.stringify(next.spec),
        next.digest,
        next.jobId,
        JSON.stringify(next.trace),
        next.generation,
        next.aboveRevision,
        next.acceptsDataLoss,
        next.acceptedGeneration,
      ],
    );
    if (created === undefined) throw new Error(`there is no instance with the id ${next.instanceId}`);
    return created.revision;
  }

  /** Raises the generation of a locked instance whose change is queued. */
  async accept(
    sql: EntityManager,
    { instanceId, changedBy, conditions, acceptedGeneration }: AcceptedChange,
  ): Promise<void> {
    await runSql(
      sql,
      `UPDATE instance SET generation = $4, changed_by = $2, updated_at = now(), conditions = $3 WHERE id = $1`,
      [instanceId, changedBy, JSON.stringify(conditions), acceptedGeneration],
    );
  }

  /**
   * Sets the generation of a locked instance whose queued change was withdrawn. Without another queued change the
   * current revision is desired again, so the observed generation grows with it.
   */
  async withdraw(
    sql: EntityManager,
    { instanceId, changedBy, acceptedGeneration }: Omit<AcceptedChange, 'conditions'>,
  ): Promise<void> {
    await runSql(
      sql,
      `UPDATE instance i SET generation = $3, updated_at = now(),
         changed_by = CASE WHEN $3 > i.generation THEN $2 ELSE i.changed_by END,
         conditions = (SELECT coalesce(jsonb_agg(CASE WHEN c.one->>'type' = 'Accepted'
             THEN c.one || jsonb_build_object('observedGeneration', $3::int) ELSE c.one END ORDER BY c.at), '[]')
           FROM jsonb_array_elements(i.conditions) WITH ORDINALITY AS c(one, at)),
         observed_generation = CASE WHEN i.observed_generation >= r.generation AND NOT EXISTS (
           SELECT 1 FROM job_ref j WHERE j.instance_id = i.id AND j.outcome IS NULL AND j.queue_position IS NOT NULL)
           THEN $3 ELSE i.observed_generation END
       FROM revision r WHERE i.id = $1 AND r.instance_id = i.id AND r.revision = i.revision`,
      [instanceId, changedBy, acceptedGeneration],
    );
  }

  /** Newest first. */
  list(
    sql: EntityManager,
    instanceId: number,
    { before, limit }: { readonly before: number; readonly limit: number },
  ): Promise<RevisionRow[]> {
    return runSql<RevisionRow>(
      sql,
      `SELECT ${columns} FROM revision WHERE instance_id = $1 AND kind = 'apply' AND revision < $2::bigint
       ORDER BY revision DESC LIMIT $3`,
      [instanceId, before, limit],
    );
  }

  /** With their specs, newest first: those from a revision on and before another one. */
  listStored(
    sql: EntityManager,
    instanceId: number,
    { from, before, limit }: { readonly from: number; readonly before: number; readonly limit: number },
  ): Promise<StoredRevision[]> {
    return runSql<StoredRevision>(
      sql,
      `SELECT ${columns}, spec FROM revision
       WHERE instance_id = $1 AND kind = 'apply' AND revision >= $2 AND revision < $3
       ORDER BY revision DESC LIMIT $4`,
      [instanceId, from, before, limit],
    );
  }

  async find(sql: EntityManager, instanceId: number, revision: number): Promise<StoredRevision | undefined> {
    const [row] = await runSql<StoredRevision>(
      sql,
      `SELECT ${columns}, spec FROM revision WHERE instance_id = $1 AND revision = $2 AND kind = 'apply'`,
      [instanceId, revision],
    );
    return row;
  }

  /** The last spec before a revision that was not a tombstone. */
  async previousSpec(sql: EntityManager, instanceId: number, revision: number): Promise<DesiredSpec | undefined> {
    const [previous] = await runSql<{ spec: DesiredSpec }>(
      sql,
      `SELECT spec FROM revision WHERE instance_id = $1 AND revision < $2 AND kind = 'apply'
       ORDER BY revision DESC LIMIT 1`,
      [instanceId, revision],
    );
    return previous?.spec;
  }
}
