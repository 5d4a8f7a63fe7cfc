import type { AgentKind } from '@runos/agent-protocol';
import type { Database } from '@runos/persistence';
import type { Statements } from '../certificates/certificate-store.js';

export interface NewToken {
  readonly keyId: string;
  readonly secretHash: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  readonly createdBy: string;
  readonly ttlSeconds: number;
}

export interface TokenRow {
  readonly secret_hash: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  readonly used: boolean;
  readonly expired: boolean;
}

/** Registration tokens: of their secrets only a hash is kept. */
export class TokenStore {
  constructor(private readonly database: Database) {}

  /** Answers when it expires. */
  async add(sql: Statements, token: NewToken): Promise<Date> {
    const [row] = await sql.query<{ expires_at: Date }[]>(
      `INSERT INTO registration_token (key_id, secret_hash, aid, cid, purpose, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, now() + $7::float8 * interval '1 s') RETURNING expires_at`,
      [token.keyId, token.secretHash, token.aid, token.cid, token.purpose, token.createdBy, token.ttlSeconds],
    );
    if (row === undefined) throw new Error('a registration token was not written');
    return row.expires_at;
  }

  async find(keyId: string): Promise<TokenRow | undefined> {
    const [row] = await this.database.query<TokenRow>(
      `SELECT secret_hash, aid, cid, purpose, used_at IS NOT NULL AS used, expires_at <= now() AS expired
       FROM registration_token WHERE key_id = $1`,
      [keyId],
    );
    return row;
  }

  /** True for exactly one caller per token, and only while it is valid. */
  async spend(sql: Statements, keyId: string): Promise<boolean> {
    const rows = await sql.query<unknown[]>(
      `WITH spent AS (
         UPDATE registration_token SET used_at = now()
         WHERE key_id = $1 AND used_at IS NULL AND expires_at > now() RETURNING 1)
       SELECT 1 FROM spent`,
      [keyId],
    );
    return rows.length === 1;
  }

  /** Used and expired ones are kept for a week, so that a refusal can name its reason in the audit log. */
  async forgetOld(): Promise<void> {
    await this.database.query(`DELETE FROM registration_token WHERE expires_at < now() - interval '7 days'`);
  }
}
