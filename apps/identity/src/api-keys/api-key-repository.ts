import { Injectable } from '@nestjs/common';
import type { ApiKey, Role } from '@runos/api';
import { TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { ApiKeyRow } from '../schema/api-key-row.js';

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

const selectKeys = `
  SELECT k.key_id, k.name, k.role, p.email AS created_by, k.created_at, k.expires_at, k.last_used_at, k.revoked_at
    FROM api_key k JOIN person p ON p.id = k.user_id WHERE {tenant}` as const;

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
    const text = `${selectKeys} 
      ORDER BY (k.revoked_at IS NULL AND k.expires_at > now()) DESC, k.created_at DESC, k.key_id LIMIT 1000` as const;
    return (await this.query<ApiKeyView>(manager, { tenant }, text, [], 'k.aid')).map(toApiKey);
  }

  async show(manager: EntityManager, tenant: string, keyId: string): Promise<ShownApiKey | undefined> {
    const text = `${selectKeys} AND k.key_id = $1` as const;
    return (await this.query<ApiKeyView>(manager, { tenant }, text, [keyId], 'k.aid')).map(toApiKey)[0];
  }

  async add(manager: EntityManager, row: ApiKeyRow): Promise<void> {
    await this.insert(manager, row);
  }

  /** The number of usable tokens. Locks the account, so that concurrent creations respect the limit. */
  async countUsable(manager: EntityManager, tenant: string): Promise<number> {
    await this.query(manager, { tenant }, 'SELECT 1 FROM account WHERE {tenant} FOR NO KEY UPDATE');
    const text = `SELECT count(*)::int AS count FROM api_key
                   WHERE {tenant} AND revoked_at IS NULL AND expires_at > now()` as const;
    const [row] = await this.query<{ count: number }>(manager, { tenant }, text);
    return row?.count ?? 0;
  }

  /** The user's current role, locked until the transaction ends; undefined without a membership. */
  async currentRole(manager: EntityManager, tenant: string, userId: string): Promise<Role | undefined> {
    const text = 'SELECT role FROM membership WHERE {tenant} AND user_id = $1 FOR SHARE' as const;
    const [row] = await this.query<{ role: Role }>(manager, { tenant }, text, [userId]);
    return row?.role;
  }

  /** The time of revocation, and whether it happened now; undefined when the account has no such token. */
  async revoke(manager: EntityManager, tenant: string, keyId: string) {
    const lock = `SELECT revoked_at IS NULL AS now FROM api_key WHERE {tenant} AND key_id = $1 FOR UPDATE` as const;
    const [{ now } = { now: false }] = await this.query<{ now: boolean }>(manager, { tenant }, lock, [keyId]);
    const text = `UPDATE api_key SET revoked_at = coalesce(revoked_at, now())
                   WHERE {tenant} AND key_id = $1 RETURNING revoked_at` as const;
    const [row] = await this.query<{ revoked_at: Date }>(manager, { tenant }, text, [keyId]);
    return row && { revokedAt: row.revoked_at, now };
  }
}
