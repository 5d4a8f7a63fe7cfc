import { Injectable } from '@nestjs/common';
import { maxHistory } from '@runos/agent-protocol';
import type { Condition } from '@runos/kernel';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import type { ForeignBundle, History } from './foreign-bundle.js';

/** A revision of the plane, as a bundle carries it. */
export interface EarlierRevision {
  readonly revision: number;
  readonly digest: string;
}

interface Mark {
  readonly id: number;
  readonly diverged: ForeignBundle;
  readonly message: string;
  readonly reason: string;
  readonly conditions: readonly Condition[];
}

const clear = `UPDATE instance SET diverged = NULL, reason = NULL, message = NULL,
    state = CASE WHEN deleting THEN state ELSE 'applying' END,
    conditions = coalesce((SELECT jsonb_agg(c) FROM jsonb_array_elements(conditions) c
      WHERE c->>'type' <> 'Diverged'), '[]')
  WHERE diverged IS NOT NULL`;

/** The foreign bundles of instances, and the history that they are compared with. */
@Injectable()
export class DivergenceRepository {
  /** The history of each instance at the revision that its agent stores, by row id. */
  async histories(
    sql: EntityManager,
    stored: readonly { readonly id: number; readonly revision: number }[],
  ): Promise<ReadonlyMap<number, History>> {
    const found = await runSql<History & { readonly id: number }>(
      sql,
      `SELECT i.id, i.revision, r.digest FROM jsonb_to_recordset($1::jsonb) AS s(id bigint, revision int)
         JOIN instance i ON i.id = s.id LEFT JOIN revision r
           ON r.instance_id = i.id AND r.revision = s.revision AND r.revision >= i.history_start`,
      [JSON.stringify(stored.map(({ id, revision }) => ({ id, revision })))],
    );
    return new Map(found.map((each) => [each.id, each]));
  }

  /** The last revisions before the current one, of each instance, by row id. */
  async earlierRevisions(
    sql: EntityManager,
    ids: readonly number[],
  ): Promise<ReadonlyMap<number, readonly EarlierRevision[]>> {
    const found = await runSql<{ readonly id: number; readonly earlier: EarlierRevision[] }>(
      sql,
      `SELECT i.id, (SELECT jsonb_agg(jsonb_build_object('revision', h.revision, 'digest', h.digest)) FROM (
           SELECT r.revision, r.digest FROM revision r
           WHERE r.instance_id = i.id AND r.revision < i.revision AND r.revision >= i.history_start
           ORDER BY r.revision DESC LIMIT $2) h) AS earlier
       FROM instance i WHERE i.id = ANY($1::bigint[])`,
      [ids, maxHistory],
    );
    return new Map(found.map(({ id, earlier }) => [id, earlier ?? []]));
  }

  /** Marks locked instances. What runs still serves, so they are at most degraded by this. */
  async mark(sql: EntityManager, marks: readonly Mark[]): Promise<void> {
    await runSql(
      sql,
      `UPDATE instance i SET diverged = m.diverged, conditions = m.conditions, reason = m.reason, message = m.message,
         state = CASE WHEN i.deleting OR i.state = 'unhealthy' THEN i.state ELSE 'degraded' END
       FROM jsonb_to_recordset($1::jsonb) AS m(id bigint, diverged jsonb, message text, reason text, conditions jsonb)
       WHERE i.id = ANY($2::bigint[]) AND i.id = m.id`,
      [JSON.stringify(marks), marks.map(({ id }) => id)],
    );
  }

  /** Ends the divergence of locked instances whose agent does not store the foreign bundle any more. */
  async clear(sql: EntityManager, ids: readonly number[]): Promise<void> {
    await runSql(sql, `${clear} AND id = ANY($1::bigint[])`, [ids]);
  }

  /** Ends the divergence of every instance of a cluster. */
  async clearCluster(sql: EntityManager, clusterId: number): Promise<void> {
    await runSql(sql, `${clear} AND cluster_id = $1`, [clusterId]);
  }

  /** The newest spec of an instance with this digest. */
  async specOf(sql: EntityManager, instanceId: number, digest: string): Promise<DesiredSpec | undefined> {
    const [found] = await runSql<{ spec: DesiredSpec }>(
      sql,
      `SELECT spec FROM revision WHERE instance_id = $1 AND digest = $2 AND kind = 'apply' ORDER BY revision DESC LIMIT 1`,
      [instanceId, digest],
    );
    return found?.spec;
  }
}
