import { Injectable } from '@nestjs/common';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { AgentKey } from '../agents/agent-repository.js';

export interface CertificateRow extends AgentKey {
  readonly serial: string;
  readonly fingerprint: string;
  readonly expires_at: Date;
  readonly first_used_at: Date | null;
  readonly revoked_at: Date | null;
  /** The machine at this address has a copy of the certificate and may not use it. */
  readonly refused_address: string | null;
  /** Computed with the clock of the database. */
  readonly expired: boolean;
}

export interface NewCertificate extends AgentKey {
  readonly serial: string;
  readonly fingerprint: string;
  readonly expiresAt: Date;
}

/** Every certificate that was issued to an agent. */
@Injectable()
export class CertificateRepository {
  constructor(private readonly database: Database) {}

  /** Runs in the transaction that uses the registration token, after the revocation of the agent's older certificates. */
  async add(sql: EntityManager, { serial, fingerprint, aid, cid, nid, expiresAt }: NewCertificate): Promise<void> {
    await runSql(
      sql,
      `INSERT INTO certificate (serial, fingerprint, aid, cid, nid, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
      [serial, fingerprint, aid, cid, nid, expiresAt],
    );
  }

  /**
   * Adds the certificate that replaces another one of the same agent. Returns false, and adds nothing, when that one
   * was revoked in the meantime. The lock makes every earlier revocation visible, and a later one sees this row.
   */
  async addSuccessor(sql: EntityManager, issued: NewCertificate, predecessorSerial: string): Promise<boolean> {
    const { serial, fingerprint, aid, cid, nid, expiresAt } = issued;
    await this.#lockAgent(sql, issued);
    const rows = await runSql(
      sql,
      `INSERT INTO certificate (serial, fingerprint, aid, cid, nid, expires_at, replaces_serial)
       SELECT $1, $2, $3, $4, $5, $6, p.serial FROM certificate p
       WHERE p.serial = $7 AND p.aid = $3 AND p.cid = $4 AND p.nid = $5 AND p.revoked_at IS NULL RETURNING 1`,
      [serial, fingerprint, aid, cid, nid, expiresAt, predecessorSerial],
    );
    return rows.length === 1;
  }

  /**
   * Adds the certificate that replaces all of its agent, which are revoked. Returns their serials; undefined, with nothing
   * changed, when `predecessorSerial` was revoked in the meantime.
   */
  async replaceAll(
    sql: EntityManager,
    issued: NewCertificate,
    predecessorSerial: string,
    reason: string,
  ): Promise<string[] | undefined> {
    await this.#lockAgent(sql, issued);
    if (!(await this.isUnrevoked(sql, predecessorSerial))) return undefined;
    const serials = await this.revokeOfAgent(sql, issued, reason);
    await this.add(sql, issued);
    return serials;
  }

  /** Whether a certificate is valid. Its revocation waits for the end of this transaction. */
  async isUnrevoked(sql: EntityManager, serial: string): Promise<boolean> {
    const rows = await runSql(sql, 'SELECT 1 FROM certificate WHERE serial = $1 AND revoked_at IS NULL FOR SHARE', [
      serial,
    ]);
    return rows.length === 1;
  }

  /** Revokes every certificate of an agent and returns their serials. */
  async revokeOfAgent(sql: EntityManager, { aid, cid, nid }: AgentKey, reason: string): Promise<string[]> {
    await this.#lockAgent(sql, { aid, cid, nid });
    const rows = await runSql<{ serial: string }>(
      sql,
      `WITH revoked AS (
         UPDATE certificate SET revoked_at = now(), revocation_reason = $4
         WHERE aid = $1 AND cid = $2 AND nid = $3 AND revoked_at IS NULL RETURNING serial)
       SELECT serial FROM revoked`,
      [aid, cid, nid, reason],
    );
    return rows.map(({ serial }) => serial);
  }

  async revokeOfCluster(sql: EntityManager, aid: string, cid: string, reason: string): Promise<void> {
    await this.#lockCluster(sql, aid, cid);
    await runSql(
      sql,
      `UPDATE certificate SET revoked_at = now(), revocation_reason = $3
       WHERE aid = $1 AND cid = $2 AND revoked_at IS NULL`,
      [aid, cid, reason],
    );
  }

  async find(serial: string): Promise<CertificateRow | undefined> {
    const [row] = await this.database.query<CertificateRow>(
      `SELECT serial, fingerprint, aid, cid, nid, expires_at, first_used_at, revoked_at, refused_address,
         expires_at <= now() AS expired
       FROM certificate WHERE serial = $1`,
      [serial],
    );
    return row;
  }

  /** Starts the grace period of the certificate that this one replaces. */
  async setFirstUsed(serial: string): Promise<void> {
    await this.database.query(
      'UPDATE certificate SET first_used_at = now() WHERE serial = $1 AND first_used_at IS NULL',
      [serial],
    );
  }

  /**
   * Revokes certificates whose successor was first used more than `graceMs` ago, and returns their serials. Those with
   * which a session opens at this moment are left to the next call.
   */
  async revokeReplaced(graceMs: number): Promise<string[]> {
    const rows = await this.database.query<{ serial: string }>(
      `WITH replaced AS (
         SELECT c.serial FROM certificate c JOIN certificate n ON n.replaces_serial = c.serial
         WHERE c.revoked_at IS NULL AND n.first_used_at < now() - $1::float8 * interval '1 ms'
         FOR NO KEY UPDATE OF c SKIP LOCKED),
       revoked AS (
         UPDATE certificate c SET revoked_at = now(), revocation_reason = 'renewed' FROM replaced r
         WHERE c.serial = r.serial RETURNING c.serial)
       SELECT serial FROM revoked`,
      [graceMs],
    );
    return rows.map(({ serial }) => serial);
  }

  /**
   * Locks the certificates of an agent until the end of the transaction. Registration, renewal and revocation hold this
   * lock, so that each sees what the others have written. Hash collisions only make agents wait for each other.
   */
  async #lockAgent(sql: EntityManager, { aid, cid, nid }: AgentKey): Promise<void> {
    await runSql(
      sql,
      `SELECT pg_advisory_xact_lock_shared(hashtext('agents of a cluster'), hashtext($1)),
         pg_advisory_xact_lock(hashtext('agent'), hashtext($2))`,
      [`${aid}/${cid}`, `${aid}/${cid}/${nid}`],
    );
  }

  /** Locks the certificates of all agents of a cluster until the end of the transaction, also of agents yet to register. */
  async #lockCluster(sql: EntityManager, aid: string, cid: string): Promise<void> {
    await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('agents of a cluster'), hashtext($1))`, [`${aid}/${cid}`]);
  }
}
