import { Injectable } from '@nestjs/common';
import type { ConfigSet } from '@runos/api';
import { runSql, type TenantCondition, TenantRepository } from '@runos/persistence';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';

/** The lineage of a config set: the fields that all its versions share, and its current version. */
@Entity('config_set')
export class ConfigSetRow {
  @PrimaryColumn({ type: 'uuid' }) set_id: string;
  @Column({ type: 'text' }) aid: string;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) type: string;
  @Column({ type: 'int' }) latest_version: number;
}

export type Values = Readonly<Record<string, string>>;

interface VersionRow {
  readonly set_id: string;
  readonly name: string;
  readonly type: string;
  readonly latest_version: number;
  readonly version: number;
  readonly values: Record<string, string>;
  readonly created_at: Date;
}

const selectVersions = (tenant: TenantCondition): string => `
  SELECT s.set_id, s.name, s.type, s.latest_version, v.version, v."values", v.created_at
    FROM config_set s JOIN config_set_version v USING (set_id)
   WHERE ${tenant('s.aid')}`;

const toConfigSet = (row: VersionRow): ConfigSet => ({
  setId: row.set_id,
  name: row.name,
  type: row.type,
  version: `v${row.version}`,
  isLatest: row.version === row.latest_version,
  values: row.values,
  createdAt: row.created_at.toISOString(),
});

/** The config sets of one account and their versions. */
@Injectable()
export class ConfigSetRepository extends TenantRepository<ConfigSetRow> {
  constructor() {
    super(ConfigSetRow);
  }

  /** The number of config sets of the account. No other transaction creates one until this one ends. */
  async countForCreate(manager: EntityManager, tenant: string): Promise<number> {
    await runSql(manager, `SELECT pg_advisory_xact_lock(hashtext('config_set'), hashtext($1))`, [tenant]);
    return this.count(manager, { tenant }, {});
  }

  /** The current version of every config set, oldest first. */
  async listLatest(manager: EntityManager, tenant: string): Promise<ConfigSet[]> {
    const statement = (condition: TenantCondition) =>
      `${selectVersions(condition)} AND v.version = s.latest_version ORDER BY s.created_at, s.set_id`;
    return (await this.query<VersionRow>(manager, { tenant }, statement)).map(toConfigSet);
  }

  /** The versions of one config set, newest first; empty when the account has no such set. */
  async versions(manager: EntityManager, tenant: string, setId: string): Promise<ConfigSet[]> {
    const statement = (condition: TenantCondition) =>
      `${selectVersions(condition)} AND s.set_id = $1 ORDER BY v.version DESC`;
    return (await this.query<VersionRow>(manager, { tenant }, statement, [setId])).map(toConfigSet);
  }

  /** One version; without a number the current one. */
  async findVersion(
    manager: EntityManager,
    tenant: string,
    setId: string,
    version?: number,
  ): Promise<ConfigSet | undefined> {
    const statement = (condition: TenantCondition) =>
      `${selectVersions(condition)} AND s.set_id = $1 AND v.version = coalesce($2, s.latest_version)`;
    const rows = await this.query<VersionRow>(manager, { tenant }, statement, [setId, version ?? null]);
    return rows.map(toConfigSet)[0];
  }

  async create(manager: EntityManager, row: ConfigSetRow, values: Values): Promise<void> {
    await this.insert(manager, row);
    await this.#addVersion(manager, row.set_id, row.latest_version, values);
  }

  /**
   * Adds the next version as the current one and returns its number; undefined when the account has no such set.
   * The update locks the row until the transaction ends, so two transactions never get the same number.
   */
  async addNextVersion(
    manager: EntityManager,
    tenant: string,
    setId: string,
    values: Values,
  ): Promise<number | undefined> {
    const statement = (condition: TenantCondition) => `
      UPDATE config_set SET latest_version = latest_version + 1
       WHERE ${condition('aid')} AND set_id = $1 RETURNING latest_version AS version`;
    const [row] = await this.query<{ version: number }>(manager, { tenant }, statement, [setId]);
    if (row) await this.#addVersion(manager, setId, row.version, values);
    return row?.version;
  }

  /** Its versions are deleted with it. */
  async remove(manager: EntityManager, tenant: string, setId: string): Promise<void> {
    const statement = (condition: TenantCondition) =>
      `WITH removed AS (DELETE FROM config_set WHERE ${condition('aid')} AND set_id = $1 RETURNING set_id)
       SELECT set_id FROM removed`;
    await this.query(manager, { tenant }, statement, [setId]);
  }

  async #addVersion(manager: EntityManager, setId: string, version: number, values: Values): Promise<void> {
    const statement = 'INSERT INTO config_set_version (set_id, version, "values") VALUES ($1, $2, $3::jsonb)';
    await runSql(manager, statement, [setId, version, JSON.stringify(values)]);
  }
}
