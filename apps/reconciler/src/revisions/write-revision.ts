import type { Condition } from '@runos/kernel';
import { traceHeaders } from '@runos/observability';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { notifyWork } from '../work/wake-work.js';
import type { Spec } from './spec.js';

/** What every revision says, whether it is the first or a later one. */
export interface NewRevision {
  readonly spec: Spec;
  readonly digest: string;
  readonly jobId: string;
  readonly who: string;
  readonly conditions: readonly Condition[];
}

export interface NewInstance extends NewRevision {
  readonly aid: string;
  readonly clusterId: number;
  readonly iid: string;
  readonly type: string;
  readonly osid: string;
  readonly name: string;
  readonly secretsSealed: string;
}

const trace = (): string => JSON.stringify(traceHeaders());

/** A new instance with its first revision, due at once; answers its id. */
export async function insertInstance(sql: EntityManager, made: NewInstance): Promise<number> {
  const [{ id }] = await runSql<{ id: number }>(
    sql,
    `WITH made AS (
       INSERT INTO instance (aid, cluster_id, iid, type, osid, name, generation, revision, changed_by, secrets_sealed, conditions)
       VALUES ($1, $2, $3, $4, $5, $6, 1, 1, $7, $8, $9) RETURNING id, cluster_id),
     first AS (
       INSERT INTO revision (instance_id, revision, generation, kind, spec, digest, job_id, changed_by, trace)
       SELECT id, 1, 1, 'apply', $10, $11, $12, $7, $13 FROM made),
     due AS (INSERT INTO work (id, cluster_id, due_at, revision) SELECT id, cluster_id, now(), 1 FROM made)
     SELECT id, ${notifyWork} FROM made`,
    [
      made.aid,
      made.clusterId,
      made.iid,
      made.type,
      made.osid,
      made.name,
      made.who,
      made.secretsSealed,
      JSON.stringify(made.conditions),
      JSON.stringify(made.spec),
      made.digest,
      made.jobId,
      trace(),
    ],
  );
  return id;
}

export interface NextRevision extends NewRevision {
  readonly instanceId: number;
  readonly kind: 'apply' | 'remove';
}

export interface Written {
  readonly generation: number;
  readonly revision: number;
}

/** The next revision of a locked instance, due at once. A tombstone makes it `deleting`; a copy of an older one ends that. */
export async function nextRevision(sql: EntityManager, next: NextRevision): Promise<Written> {
  const [written] = await runSql<Written>(
    sql,
    `WITH changed AS (
       UPDATE instance SET generation = generation + 1, revision = revision + 1, changed_by = $2, updated_at = now(),
         deleting = $3 = 'remove', conditions = $4, reason = NULL, message = NULL,
         state = CASE WHEN $3 = 'remove' THEN 'deleting' WHEN state = 'pending' THEN state ELSE 'applying' END
       WHERE id = $1 RETURNING id, generation, revision),
     wanted AS (
       INSERT INTO revision (instance_id, revision, generation, kind, spec, digest, job_id, changed_by, trace)
       SELECT id, revision, generation, $3, $5, $6, $7, $2, $8 FROM changed),
     due AS (
       UPDATE work w SET revision = c.revision, wanted = w.wanted + 1, due_at = now(), failures = 0
       FROM changed c WHERE w.id = c.id)
     SELECT generation, revision, ${notifyWork} FROM changed`,
    [
      next.instanceId,
      next.who,
      next.kind,
      JSON.stringify(next.conditions),
      JSON.stringify(next.spec),
      next.digest,
      next.jobId,
      trace(),
    ],
  );
  return written;
}
