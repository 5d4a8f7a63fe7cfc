import { Injectable } from '@nestjs/common';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { queuedSpec } from './instance-repository.js';

/** How many OSIDs a refusal names. */
const namedCount = 10;

/** The instances that are the reason of a refusal: their number, and the OSIDs of the first ones. */
interface Dependents {
  readonly instances: number;
  readonly osids: readonly string[];
}

/** An instance that requires another one, as existing clients read it in a refusal. */
interface Dependent {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly alias: string;
}

/** One end of a link. */
export interface LinkedRow {
  readonly type: string;
  readonly iid: string;
  readonly osid: string;
  readonly name: string;
}

/** A link of an app, by its alias: the variables that it sets, by the names of the credentials. */
export interface LinkTo {
  readonly osid: string;
  readonly alias: string;
  readonly env: Readonly<Record<string, string>>;
}

const linked = (column: 'instance_id' | 'required_id'): string =>
  `SELECT DISTINCT i.id, i.type, i.iid, i.osid, i.name FROM instance_requirement r JOIN instance i ON i.id = r.${column}`;

/** The last revision before that of the open job `j` of an instance `i`, which its cancellation would restore. */
const restorable = `(SELECT max(b.revision) FROM revision b
  WHERE b.instance_id = i.id AND b.revision < j.revision AND b.kind = 'apply')`;

/** The instances of an account ($1) whose desired spec, queued or restorable one has the config set ($2). */
const usersOfConfigSet = `SELECT i.id, i.osid FROM instance i WHERE i.aid = $1 AND (
  EXISTS (SELECT 1 FROM revision r
    WHERE r.instance_id = i.id AND r.revision = i.revision AND r.spec->'config'->>'setId' = $2)
  OR EXISTS (SELECT 1 FROM job_ref j WHERE j.instance_id = i.id AND j.outcome IS NULL AND (
    j.pending->'spec'->'config'->>'setId' = $2
    OR EXISTS (SELECT 1 FROM revision p
      WHERE p.instance_id = i.id AND p.revision = ${restorable} AND p.spec->'config'->>'setId' = $2))))`;

/** The instances that need a cluster, an add-on, a config set or another instance, which therefore cannot be removed. */
@Injectable()
export class DependentRepository {
  ofCluster(sql: EntityManager, clusterId: number): Promise<Dependents> {
    return readDependents(sql, 'SELECT id, osid FROM instance WHERE cluster_id = $1', [clusterId]);
  }

  /** The instances of these types in a cluster. */
  ofTypes(sql: EntityManager, clusterId: number, types: readonly string[]): Promise<Dependents> {
    const dependents = 'SELECT id, osid FROM instance WHERE cluster_id = $1 AND type = ANY($2)';
    return readDependents(sql, dependents, [clusterId, types]);
  }

  /** The ids of the instances of these types in a cluster. */
  async idsOfTypes(sql: EntityManager, clusterId: number, types: readonly string[]): Promise<number[]> {
    const select = 'SELECT id FROM instance WHERE cluster_id = $1 AND type = ANY($2)';
    return (await runSql<{ id: number }>(sql, select, [clusterId, types])).map(({ id }) => id);
  }

  /** Each link of the first ones has an entry of its own in `dependents`. */
  async ofInstance(
    sql: EntityManager,
    instanceId: number,
  ): Promise<Dependents & { readonly dependents: readonly Dependent[] }> {
    const links = 'FROM instance_requirement r JOIN instance i ON i.id = r.instance_id WHERE r.required_id = $1';
    const found = await readDependents(sql, `SELECT DISTINCT i.id, i.osid ${links}`, [instanceId]);
    if (found.instances === 0) return { ...found, dependents: [] };
    const select = `SELECT i.type, i.iid AS id, i.name, r.alias ${links} ORDER BY i.id, r.alias LIMIT ${namedCount}`;
    return { ...found, dependents: await runSql<Dependent>(sql, select, [instanceId]) };
  }

  /** The instances that an instance requires. */
  requiredBy(sql: EntityManager, instanceId: number): Promise<LinkedRow[]> {
    return runSql<LinkedRow>(sql, `${linked('required_id')} WHERE r.instance_id = $1 ORDER BY i.id`, [instanceId]);
  }

  /** The instances that require an instance, at most 1,000. */
  thatRequire(sql: EntityManager, instanceId: number): Promise<LinkedRow[]> {
    const select = `${linked('instance_id')} WHERE r.required_id = $1 ORDER BY i.id LIMIT 1000`;
    return runSql<LinkedRow>(sql, select, [instanceId]);
  }

  /** The links of other apps to an instance, as their accepted specs have them. */
  linksTo(sql: EntityManager, instanceId: number): Promise<LinkTo[]> {
    const accepted = `coalesce(${queuedSpec('i.id')}, v.spec)`;
    return runSql<LinkTo>(
      sql,
      `SELECT * FROM (
         SELECT i.id, i.osid, r.alias, ${accepted}->'links'->r.alias AS env
         FROM instance_requirement r JOIN instance i ON i.id = r.instance_id
           JOIN revision v ON v.instance_id = i.id AND v.revision = i.revision
         WHERE r.required_id = $1 AND i.kind = 'app' AND NOT i.deleting) l
       WHERE env IS NOT NULL ORDER BY id, alias`,
      [instanceId],
    );
  }

  ofConfigSet(sql: EntityManager, tenant: string, setId: string): Promise<Dependents> {
    return readDependents(sql, usersOfConfigSet, [tenant, setId]);
  }

  /** Makes a locked instance the dependent of those that it requires, by alias, and of no others. */
  async replace(
    sql: EntityManager,
    instance: { readonly id: number; readonly aid: string },
    requires: Readonly<Record<string, string>>,
  ): Promise<void> {
    await runSql(
      sql,
      `WITH required AS MATERIALIZED (
         SELECT r.alias, q.id FROM jsonb_each_text($3::jsonb) AS r(alias, osid)
           JOIN instance q ON q.aid = $2 AND q.iid = right(r.osid, 5) AND q.osid = r.osid AND NOT q.deleting),
       ended AS (
         DELETE FROM instance_requirement WHERE instance_id = $1 AND alias NOT IN (SELECT alias FROM required))
       INSERT INTO instance_requirement (instance_id, alias, required_id) SELECT $1, alias, id FROM required
         ON CONFLICT (instance_id, alias) DO UPDATE SET required_id = excluded.required_id`,
      [instance.id, instance.aid, JSON.stringify(requires)],
    );
  }
}

/** One statement. `select` reads the `id` and the `osid` of each dependent. */
async function readDependents(sql: EntityManager, select: string, values: readonly unknown[]): Promise<Dependents> {
  const [found] = await runSql<Dependents>(
    sql,
    `SELECT count(*)::int AS instances, coalesce((array_agg(d.osid ORDER BY d.id))[1:${namedCount}], '{}') AS osids
     FROM (${select}) d`,
    values,
  );
  return found ?? { instances: 0, osids: [] };
}

/** Describes them for a message: `2 instances (valkey-k3v9q, valkey-00ky4)`. */
export function describeDependents({ instances, osids }: Dependents): string {
  const named = osids.join(', ') + (instances > osids.length ? ', …' : '');
  return `${instances} ${instances === 1 ? 'instance' : 'instances'} (${named})`;
}
