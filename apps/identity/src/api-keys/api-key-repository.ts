import { Injectable } from '@nestjs/common';
import type { ApiKey, Role } from '@runos/api';
import { type TenantCondition, TenantRepository } from '@runos/persistence';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';

/** A personal access token; its secret is stored as a hash. */
@Entity('api_key')
export class ApiKeyRow {
  @PrimaryColumn({ type: 'text' }) keyId: string;
  @Column({ type: 'text' }) aid: string;
  @Column({ type: 'uuid' }) userId: string;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) role: Role;
  @Column({ type: 'text' }) secretHash: string;
  @Column({ type: 'timestamptz' }) expiresAt: Date;
}

export type ShownApiKey = z.output<typeof ApiKey>;

interface ApiKeyView {
  readonly key_id: string;
  readonly name: string;
  readonly role: Role;
  readonly created_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

const selectKeys = (tenant: TenantCondition): string => `
  SELECT k.key_id, k.name, k.role, p.email AS created_by, k.created_at, k.expires_at, k.last_used_at, k.revoked_at
    FROM api_key k JOIN person p ON p.id = k.user_id WHERE ${tenant('k.aid')}`;

const toApiKey = (row: ApiKeyView): ShownApiKey => ({
  id: row.key_id,
  name: row.name,
  role: row.role,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  revokedAt: row.revoked_at?.toISOString() ?? null,
});

/** The personal access tokens of one account. */
@Injectable()
export class ApiKeyRepository extends TenantRepository<ApiKeyRow> {
  constructor() {
    super(ApiKeyRow);
  }

  /** At most 1,000: usable ones first, then revoked and expired ones, newest first. */
  async list(manager: EntityManager, tenant: string): Promise<ShownApiKey[]> {
    const statement = (condition: TenantCondition) => `${selectKeys(condition)}
      ORDER BY (k.revoked_at IS NULL AND k.expires_at > now()) DESC, k.created_at DESC, k.key_id LIMIT 1000`;
    return (await this.query<ApiKeyView>(manager, { tenant }, statement)).map(toApiKey);
  }

  async show(manager: EntityManager, tenant: string, keyId: string): Promise<ShownApiKey | undefined> {
    const statement = (condition: TenantCondition) => `${selectKeys(condition)} AND k.key_id = $1`;
    return (await this.query<ApiKeyView>(manager, { tenant }, statement, [keyId])).map(toApiKey)[0];
  }

  async add(manager: EntityManager, row: ApiKeyRow): Promise<void> {
    await this.insert(manager, row);
  }

  /** The number of usable tokens. Locks the account, so that concurrent creations respect the limit. */
  async countUsable(manager: EntityManager, tenant: string): Promise<number> {
    await this.query(
      manager,
      { tenant },
      (condition) => `SELECT 1 FROM account WHERE ${condition('aid')} FOR NO KEY UPDATE`,
    );
    const [row] = await this.query<{ count: number }>(
      manager,
      { tenant },
      (condition) => `SELECT count(*)::int AS count FROM api_key
                       WHERE ${condition('aid')} AND revoked_at IS NULL AND expires_at > now()`,
    );
    return row?.count ?? 0;
  }

  /** The user's current role, locked until the transaction ends; undefined without a membership. */
  async currentRole(manager: EntityManager, tenant: string, userId: string): Promise<Role | undefined> {
    const statement = (condition: TenantCondition) =>
      `SELECT role FROM membership WHERE ${condition('aid')} AND user_id = $1 FOR SHARE`;
    const [row] = await this.query<{ role: Role }>(manager, { tenant }, statement, [userId]);
    return row?.role;
  }

  /** The time of revocation, and whether it happened now; undefined when the account has no such token. */
  async revoke(manager: EntityManager, tenant: string, keyId: string) {
    const lock = (condition: TenantCondition) =>
      `SELECT revoked_at IS NULL AS now FROM api_key WHERE ${condition('aid')} AND key_id = $1 FOR UPDATE`;
    const [{ now } = { now: false }] = await this.query<{ now: boolean }>(manager, { tenant }, lock, [keyId]);
    const revoke = (condition: TenantCondition) => `
      UPDATE api_key SET revoked_at = coalesce(revoked_at, now())
       WHERE ${condition('aid')} AND key_id = $1 RETURNING revoked_at`;
    const [row] = await this.query<{ revoked_at: Date }>(manager, { tenant }, revoke, [keyId]);
    return row && { revokedAt: row.revoked_at, now };
  }
}
