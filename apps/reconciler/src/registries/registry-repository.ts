import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { RegistryRow } from '../schema/registry-row.js';

/** What a write stores of a registry. */
export type StoredCredentials = Pick<
  RegistryRow,
  'registry_id' | 'name' | 'host' | 'username' | 'password_sealed' | 'check_status' | 'check_message' | 'checked_at'
>;

/** The lock of the credentials of an account: shared by the writes of apps, exclusive for their changes. */
const lock = (mode: 'lock' | 'lock_shared'): string =>
  `SELECT pg_advisory_xact_${mode}(hashtextextended('registries/' || $1, 0))`;

@Injectable()
export class RegistryRepository extends TenantRepository<RegistryRow> {
  constructor() {
    super(RegistryRow);
  }

  /** Serializes changes with each other, and with writes of apps: each of those has either the old or the new ones. */
  async lock(sql: EntityManager, tenant: string): Promise<void> {
    await runSql(sql, lock('lock'), [tenant]);
  }

  /** The credentials of a registry, which no other transaction changes before the commit. */
  async keep(sql: EntityManager, tenant: string, host: string): Promise<RegistryRow | undefined> {
    await runSql(sql, lock('lock_shared'), [tenant]);
    return this.ofHost(sql, tenant, host);
  }

  async ofHost(sql: EntityManager, tenant: string, host: string): Promise<RegistryRow | undefined> {
    const [found] = await this.query<RegistryRow>(
      sql,
      { tenant },
      (condition) => `SELECT * FROM registry_credential WHERE ${condition('aid')} AND host = $1`,
      [host],
    );
    return found;
  }

  /** @throws Fault `registry.not_found` */
  async get(sql: EntityManager, tenant: string, id: string): Promise<RegistryRow> {
    const [found] = await this.query<RegistryRow>(
      sql,
      { tenant },
      (condition) => `SELECT * FROM registry_credential WHERE ${condition('aid')} AND registry_id = $1`,
      [id],
    );
    if (found !== undefined) return found;
    throw new Fault('registry.not_found', `There are no credentials "${id}" of a registry in this account.`);
  }

  /** All of an account, by host. */
  list(sql: EntityManager, tenant: string): Promise<RegistryRow[]> {
    return this.query<RegistryRow>(
      sql,
      { tenant },
      (condition) => `SELECT * FROM registry_credential WHERE ${condition('aid')} ORDER BY host`,
    );
  }

  /** After `lock`. Stores new credentials, or those of the registry with this id. Its id and its host stay. */
  async store(sql: EntityManager, tenant: string, stored: StoredCredentials): Promise<RegistryRow> {
    const [row] = await runSql<RegistryRow>(
      sql,
      `INSERT INTO registry_credential AS r
         (registry_id, aid, host, name, username, password_sealed, check_status, check_message, checked_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (registry_id) DO UPDATE SET name = $4, username = $5, password_sealed = $6, check_status = $7,
         check_message = $8, checked_at = $9, updated_at = now() WHERE r.aid = $2
       RETURNING *`,
      [
        stored.registry_id,
        tenant,
        stored.host,
        stored.name,
        stored.username,
        stored.password_sealed,
        stored.check_status,
        stored.check_message,
        stored.checked_at,
      ],
    );
    if (row === undefined) throw new Error(`the credentials ${stored.registry_id} were not stored`);
    return row;
  }

  async remove(sql: EntityManager, tenant: string, id: string): Promise<void> {
    await this.query(
      sql,
      { tenant },
      (condition) => `DELETE FROM registry_credential WHERE ${condition('aid')} AND registry_id = $1`,
      [id],
    );
  }
}
