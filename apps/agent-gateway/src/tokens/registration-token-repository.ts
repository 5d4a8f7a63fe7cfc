import { Injectable } from '@nestjs/common';
import type { AgentKind } from '@runos/agent-protocol';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** The registration for which a token was used. */
export interface TokenUse {
  readonly machineId: string;
  /** SHA-256 of the public key of the signing request; null for an agent without one. */
  readonly keyHash: string | null;
  readonly serial: string;
  /** The issued certificate as PEM, if the agent holds its key. */
  readonly certificate: string | null;
}

export interface RegistrationTokenRow {
  readonly secret_hash: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  /** Both computed with the clock of the database. */
  readonly used: boolean;
  readonly expired: boolean;
  /** The time since its first use, ms, and what it was used for; nulls before, and after the use by an older build. */
  readonly used_ms: number | null;
  readonly machine_id: string | null;
  readonly key_hash: string | null;
  readonly serial: string | null;
  readonly certificate: string | null;
}

export interface NewRegistrationToken {
  readonly keyId: string;
  readonly secretHash: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  readonly createdBy: string;
  readonly ttlSeconds: number;
}

/** Registration tokens. The table holds only a hash of each secret. */
@Injectable()
export class RegistrationTokenRepository {
  constructor(private readonly database: Database) {}

  /** Returns the time at which the token expires. */
  async add(sql: EntityManager, token: NewRegistrationToken): Promise<Date> {
    const [row] = await runSql<{ expires_at: Date }>(
      sql,
      `INSERT INTO registration_token (key_id, secret_hash, aid, cid, purpose, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, now() + $7::float8 * interval '1 s') RETURNING expires_at`,
      [token.keyId, token.secretHash, token.aid, token.cid, token.purpose, token.createdBy, token.ttlSeconds],
    );
    if (row === undefined) throw new Error('the insert of a registration token returned no row');
    return row.expires_at;
  }

  async find(keyId: string): Promise<RegistrationTokenRow | undefined> {
    const [row] = await this.database.query<RegistrationTokenRow>(
      `SELECT secret_hash, aid, cid, purpose, used_at IS NOT NULL AS used, expires_at <= now() AS expired,
         (extract(epoch FROM now() - used_at) * 1000)::float8 AS used_ms, machine_id, key_hash, serial, certificate
       FROM registration_token WHERE key_id = $1`,
      [keyId],
    );
    return row;
  }

  /** Returns true for exactly one caller per token, and only while the token is valid. */
  async use(
    sql: EntityManager,
    keyId: string,
    { machineId, keyHash, serial, certificate }: TokenUse,
  ): Promise<boolean> {
    const rows = await runSql(
      sql,
      `WITH used AS (
         UPDATE registration_token SET used_at = now(), machine_id = $2, key_hash = $3, serial = $4, certificate = $5
         WHERE key_id = $1 AND used_at IS NULL AND expires_at > now() RETURNING 1)
       SELECT 1 FROM used`,
      [keyId, machineId, keyHash, serial, certificate],
    );
    return rows.length === 1;
  }

  /** Records that another certificate replaces the issued one. Returns false when one has already replaced it. */
  async replaceCertificate(sql: EntityManager, keyId: string, serial: string, successor: string): Promise<boolean> {
    const rows = await runSql(
      sql,
      `WITH replaced AS (
         UPDATE registration_token SET serial = $3 WHERE key_id = $1 AND serial = $2 RETURNING 1)
       SELECT 1 FROM replaced`,
      [keyId, serial, successor],
    );
    return rows.length === 1;
  }

  async deleteOfCluster(sql: EntityManager, aid: string, cid: string): Promise<void> {
    await runSql(sql, 'DELETE FROM registration_token WHERE aid = $1 AND cid = $2', [aid, cid]);
  }
}
