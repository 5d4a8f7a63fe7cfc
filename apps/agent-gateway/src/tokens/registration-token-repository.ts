import { Injectable } from '@nestjs/common';
import type { AgentKind } from '@runos/agent-protocol';
import type { agentGateway, Credential } from '@runos/contracts';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';

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
  /** The token of identity that created it; nulls for a token that an older gateway has requested. */
  readonly credential_kind: Credential['kind'] | null;
  readonly credential_key_id: string | null;
  readonly revoked: boolean;
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

type Listed = z.output<typeof agentGateway.listRegistrationTokens.output>['registrationTokens'][number];

interface ListedRow {
  readonly key_id: string;
  readonly purpose: AgentKind;
  readonly created_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly used_at: Date | null;
  readonly revoked_at: Date | null;
}

export interface NewRegistrationToken {
  readonly keyId: string;
  readonly secretHash: string;
  readonly aid: string;
  readonly cid: string;
  readonly purpose: AgentKind;
  readonly createdBy: string;
  readonly credential: Credential | undefined;
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
      `INSERT INTO registration_token (key_id, secret_hash, aid, cid, purpose, created_by, expires_at, credential_kind,
         credential_key_id)
       VALUES ($1, $2, $3, $4, $5, $6, now() + $7::float8 * interval '1 s', $8, $9) RETURNING expires_at`,
      [
        token.keyId,
        token.secretHash,
        token.aid,
        token.cid,
        token.purpose,
        token.createdBy,
        token.ttlSeconds,
        token.credential?.kind ?? null,
        token.credential?.keyId ?? null,
      ],
    );
    if (row === undefined) throw new Error('the insert of a registration token returned no row');
    return row.expires_at;
  }

  async find(keyId: string): Promise<RegistrationTokenRow | undefined> {
    const [row] = await this.database.query<RegistrationTokenRow>(
      `SELECT secret_hash, aid, cid, purpose, used_at IS NOT NULL AS used,
         revoked_at IS NOT NULL AS revoked, credential_kind, credential_key_id, expires_at <= now() AS expired,
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
         WHERE key_id = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now() RETURNING 1)
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
         UPDATE registration_token SET serial = $3 WHERE key_id = $1 AND serial = $2 AND revoked_at IS NULL RETURNING 1)
       SELECT 1 FROM replaced`,
      [keyId, serial, successor],
    );
    return rows.length === 1;
  }

  /** Without secrets, usable ones first, then newest first; at most 1,000. */
  async list(aid: string, cid: string): Promise<Listed[]> {
    const rows = await this.database.query<ListedRow>(
      `SELECT key_id, purpose, created_by, created_at, expires_at, used_at, revoked_at FROM registration_token
       WHERE aid = $1 AND cid = $2
       ORDER BY (used_at IS NULL AND revoked_at IS NULL AND expires_at > now()) DESC, created_at DESC, key_id LIMIT 1000`,
      [aid, cid],
    );
    return rows.map(({ key_id, purpose, created_by, created_at, expires_at, used_at, revoked_at }) => ({
      id: key_id,
      purpose,
      createdBy: created_by,
      createdAt: created_at.toISOString(),
      expiresAt: expires_at.toISOString(),
      usedAt: used_at?.toISOString() ?? null,
      revokedAt: revoked_at?.toISOString() ?? null,
    }));
  }

  /** Returns the time of the first revocation; undefined when the cluster has no such token. */
  async revoke(aid: string, cid: string, keyId: string): Promise<Date | undefined> {
    const [row] = await this.database.query<{ revoked_at: Date }>(
      `WITH revoked AS (
         UPDATE registration_token SET revoked_at = coalesce(revoked_at, now())
         WHERE key_id = $1 AND aid = $2 AND cid = $3 RETURNING revoked_at)
       SELECT revoked_at FROM revoked`,
      [keyId, aid, cid],
    );
    return row?.revoked_at;
  }

  /** Revokes the unused tokens that these tokens of identity have created. Locks them in the order of `deleteOfCluster`. */
  async revokeOfCredentials(keyIds: readonly string[]): Promise<void> {
    await this.database.query(
      `WITH unused AS (
         SELECT key_id FROM registration_token
         WHERE credential_key_id = ANY($1::text[]) AND used_at IS NULL AND revoked_at IS NULL
         ORDER BY key_id FOR NO KEY UPDATE)
       UPDATE registration_token t SET revoked_at = now() FROM unused u WHERE t.key_id = u.key_id`,
      [keyIds],
    );
  }

  async deleteOfCluster(sql: EntityManager, aid: string, cid: string): Promise<void> {
    await runSql(
      sql,
      `WITH deleted AS (SELECT key_id FROM registration_token WHERE aid = $1 AND cid = $2 ORDER BY key_id FOR UPDATE)
       DELETE FROM registration_token t USING deleted d WHERE t.key_id = d.key_id`,
      [aid, cid],
    );
  }
}
