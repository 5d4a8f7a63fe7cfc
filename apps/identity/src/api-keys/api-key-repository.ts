import { Injectable } from '@nestjs/common';
import type { ApiKey, Role } from '@runos/api';
import { type TenantCondition, TenantRepository } from '@runos/persistence';
import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';
import { validForMs } from '../tokens/token-repository.js';
import type { TokenStateRow } from '../tokens/token-state.js';

/** A personal access token; its secret is stored as a hash. */
@Entity('api_key')
export class ApiKeyRow {
  @PrimaryColumn({ type: 'text' }) key_id: string;
  @Column({ type: 'text' }) aid: string;
  @Column({ type: 'uuid' }) user_id: string;
  /** The token that created this one; null when a session did. */
  @Column({ type: 'text', nullable: true }) parent_key_id: string | null;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) role: Role;
  @Column({ type: 'text' }) secret_hash: string;
  @Column({ type: 'timestamptz' }) expires_at: Date;
}

export type ShownApiKey = z.output<typeof ApiKey>;

interface ShownApiKeyRow {
  readonly key_id: string;
  readonly name: string;
  readonly role: Role;
  readonly created_by: string;
  readonly parent_key_id: string | null;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

/** One token of a revoked lineage. */
export interface RevokedApiKey {
  readonly keyId: string;
  readonly revokedAt: Date;
  /** Whether this revocation revoked it; otherwise an earlier one did. */
  readonly isNew: boolean;
  /** Whether a gateway may still cache it, because it was revoked less than a minute ago. */
  readonly mayBeCached: boolean;
}

const selectKeys = (tenant: TenantCondition): string => `
  SELECT k.key_id, k.name, k.role, p.email AS created_by, k.parent_key_id, k.created_at, k.expires_at, k.last_used_at,
         k.revoked_at
    FROM api_key k JOIN person p ON p.id = k.user_id WHERE ${tenant('k.aid')}`;

const toApiKey = (row: ShownApiKeyRow): ShownApiKey => ({
  id: row.key_id,
  name: row.name,
  role: row.role,
  createdBy: row.created_by,
  createdByKey: row.parent_key_id,
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
    return (await this.query<ShownApiKeyRow>(manager, { tenant }, statement)).map(toApiKey);
  }

  async show(manager: EntityManager, tenant: string, keyId: string): Promise<ShownApiKey | undefined> {
    const statement = (condition: TenantCondition) => `${selectKeys(condition)} AND k.key_id = $1`;
    return (await this.query<ShownApiKeyRow>(manager, { tenant }, statement, [keyId])).map(toApiKey)[0];
  }

  async add(manager: EntityManager, row: ApiKeyRow): Promise<void> {
    await this.insert(manager, row);
  }

  /**
   * Locks the account until the transaction ends. It serializes creations and revocations, so that creations respect the
   * limit, and none adds a descendant that a concurrent revocation does not see.
   */
  async lockAccount(manager: EntityManager, tenant: string): Promise<void> {
    await this.query(
      manager,
      { tenant },
      (condition) => `SELECT 1 FROM account WHERE ${condition('aid')} FOR NO KEY UPDATE`,
    );
  }

  /** A token of the user in this account; undefined when there is none. */
  async state(
    manager: EntityManager,
    tenant: string,
    userId: string,
    keyId: string,
  ): Promise<TokenStateRow | undefined> {
    const statement = (condition: TenantCondition) =>
      `SELECT k.expires_at, k.revoked_at, ${validForMs('k')} AS valid_for_ms
         FROM api_key k WHERE ${condition('k.aid')} AND k.key_id = $1 AND k.user_id = $2`;
    return (await this.query<TokenStateRow>(manager, { tenant }, statement, [keyId, userId]))[0];
  }

  /** The number of usable tokens. */
  async countUsable(manager: EntityManager, tenant: string): Promise<number> {
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

  /**
   * Revokes a token and all its descendants in one statement and returns them, the token first; empty when the account has
   * no such token. The account must be locked.
   */
  revoke(manager: EntityManager, tenant: string, keyId: string): Promise<RevokedApiKey[]> {
    const statement = (condition: TenantCondition) => `
      WITH RECURSIVE lineage AS (
        SELECT k.key_id, k.revoked_at FROM api_key k WHERE ${condition('k.aid')} AND k.key_id = $1
        UNION
        SELECT k.key_id, k.revoked_at
          FROM api_key k JOIN lineage l ON k.parent_key_id = l.key_id WHERE ${condition('k.aid')}
      ), revoked AS (
        UPDATE api_key k SET revoked_at = now() FROM lineage l
         WHERE ${condition('k.aid')} AND k.key_id = l.key_id AND k.revoked_at IS NULL
      )
      SELECT key_id AS "keyId", coalesce(revoked_at, now()) AS "revokedAt", revoked_at IS NULL AS "isNew",
             coalesce(revoked_at, now()) > now() - interval '1 minute' AS "mayBeCached"
        FROM lineage ORDER BY key_id = $1 DESC, key_id`;
    return this.query(manager, { tenant }, statement, [keyId]);
  }
}
