import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { describeFirst, firstInstances } from '../instances/first-instances.js';

/** The lock of a config set: shared by the writes that pin it, exclusive for its deletion. */
const lock = (mode: 'lock' | 'lock_shared'): string =>
  `SELECT pg_advisory_xact_${mode}(hashtextextended('configset/' || $1, 0))`;

/** The last revision before that of the open job `j`, which its cancellation would restore. */
const restorable = `(SELECT max(b.revision) FROM revision b
  WHERE b.instance_id = i.id AND b.revision < j.revision AND b.kind = 'apply')`;

/** The instances of an account ($1) whose desired spec, queued or restorable one has the config set ($2). */
const users = `instance i WHERE i.aid = $1 AND (
  EXISTS (SELECT 1 FROM revision r
    WHERE r.instance_id = i.id AND r.revision = i.revision AND r.spec->'config'->>'setId' = $2)
  OR EXISTS (SELECT 1 FROM job_ref j WHERE j.instance_id = i.id AND j.outcome IS NULL AND (
    j.pending->'spec'->'config'->>'setId' = $2
    OR EXISTS (SELECT 1 FROM revision p
      WHERE p.instance_id = i.id AND p.revision = ${restorable} AND p.spec->'config'->>'setId' = $2))))`;

/** Which config sets instances use. The config sets service owns the sets; the instances that pin them are ours. */
@Injectable()
export class ConfigSetUse {
  /** Keeps a config set from being deleted until the commit. @throws Fault `configset.not_found` for a deleted one */
  async keep(sql: EntityManager, tenant: string, setId: string): Promise<void> {
    await runSql(sql, lock('lock_shared'), [setId]);
    const deleted = await runSql(sql, 'SELECT 1 FROM deleted_config_set WHERE aid = $1 AND set_id = $2', [
      tenant,
      setId,
    ]);
    if (deleted.length > 0) throw new Fault('configset.not_found', `Config set ${setId} is being deleted.`);
  }

  /** After the commit, no instance can use the config set any more. @throws Fault `configset.in_use` with the instances */
  async release(sql: EntityManager, tenant: string, setId: string): Promise<void> {
    await runSql(sql, lock('lock'), [setId]);
    const found = await firstInstances(sql, users, [tenant, setId]);
    if (found.instances > 0) {
      const message = `Config set ${setId} is used by ${describeFirst(found)}; convert them to custom settings or delete them first.`;
      throw new Fault('configset.in_use', message, { ...found });
    }
    await runSql(sql, 'INSERT INTO deleted_config_set (aid, set_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      tenant,
      setId,
    ]);
  }
}
