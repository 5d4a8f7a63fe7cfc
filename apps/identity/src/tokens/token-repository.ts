import { Injectable } from '@nestjs/common';
import type { Role } from '@runos/api';
import type { Principal } from '@runos/contracts';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { TokenStateRow } from './token-state.js';

/** A token with its user and their memberships. A session has all of them and no role of its own. */
export interface TokenRow extends TokenStateRow {
  readonly user_id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role | null;
  readonly secret_hash: string;
  readonly memberships: { aid: string; role: Role }[];
}

/** SQL expression: the column `valid_for_ms` of a table with `expires_at`. */
export const validForMs = (table: string): string => `(extract(epoch FROM ${table}.expires_at - now()) * 1000)::float8`;

const tables: Readonly<Record<Principal['kind'], string>> = { session: 'session', pat: 'api_key' };

const byKeyId: Readonly<Record<Principal['kind'], string>> = {
  session: `
    SELECT s.user_id, p.email, p.email AS name, NULL AS role, s.secret_hash, s.expires_at, s.revoked_at,
           ${validForMs('s')} AS valid_for_ms,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('aid', m.aid, 'role', m.role) ORDER BY m.created_at), '[]')
              FROM membership m WHERE m.user_id = s.user_id) AS memberships
      FROM session s JOIN person p ON p.id = s.user_id WHERE s.key_id = $1`,
  pat: `
    SELECT k.user_id, p.email, k.name, k.role, k.secret_hash, k.expires_at, k.revoked_at,
           ${validForMs('k')} AS valid_for_ms,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('aid', m.aid, 'role', m.role)), '[]')
              FROM membership m WHERE m.user_id = k.user_id AND m.aid = k.aid) AS memberships
      FROM api_key k JOIN person p ON p.id = k.user_id WHERE k.key_id = $1`,
};

/** What sessions and personal access tokens have in common: both authenticate a user. */
@Injectable()
export class TokenRepository {
  async find(manager: EntityManager, kind: Principal['kind'], keyId: string): Promise<TokenRow | undefined> {
    const [row] = await runSql<TokenRow>(manager, byKeyId[kind], [keyId]);
    return row;
  }

  /**
   * Records the last use of tokens of one kind, given as their age, ms. An earlier use than the stored one is ignored.
   * Returns the tokens whose rows are locked: their use is not recorded, so that no token delays those of other accounts.
   */
  async storeLastUse(
    manager: EntityManager,
    kind: Principal['kind'],
    used: readonly { readonly keyId: string; readonly ageMs: number }[],
  ): Promise<string[]> {
    const locked = await runSql<{ key_id: string }>(
      manager,
      `WITH used AS (SELECT * FROM unnest($1::text[], $2::float8[]) AS u (key_id, age)),
       unlocked AS (
         SELECT t.key_id, u.age FROM used u JOIN ${tables[kind]} t USING (key_id) FOR NO KEY UPDATE OF t SKIP LOCKED),
       stored AS (
         UPDATE ${tables[kind]} t SET last_used_at = greatest(t.last_used_at, now() - u.age * interval '1 ms')
         FROM unlocked u WHERE t.key_id = u.key_id)
       SELECT key_id FROM used JOIN ${tables[kind]} USING (key_id)
       WHERE key_id NOT IN (SELECT key_id FROM unlocked)`,
      [used.map(({ keyId }) => keyId), used.map(({ ageMs }) => ageMs)],
    );
    return locked.map(({ key_id }) => key_id);
  }
}
