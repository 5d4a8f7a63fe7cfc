import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { DependentRepository, describeDependents } from '../instances/dependent-repository.js';

/** The lock of a config set: shared by the writes that pin it, exclusive for its deletion. */
const lock = (mode: 'lock' | 'lock_shared'): string =>
  `SELECT pg_advisory_xact_${mode}(hashtextextended('configset/' || $1, 0))`;

/** Which config sets instances use. The config sets service owns the sets; the instances that pin them are ours. */
@Injectable()
export class ConfigSetUseRepository {
  constructor(private readonly dependents: DependentRepository) {}

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
    const found = await this.dependents.ofConfigSet(sql, tenant, setId);
    if (found.instances > 0) {
      const message = `Config set ${setId} is used by ${describeDependents(found)}; convert them to custom settings or delete them first.`;
      throw new Fault('configset.in_use', message, { ...found });
    }
    await runSql(sql, 'INSERT INTO deleted_config_set (aid, set_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      tenant,
      setId,
    ]);
  }
}
