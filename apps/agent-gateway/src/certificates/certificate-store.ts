import type { Database } from '@runos/persistence';
import type { AgentKey } from '../agents/agent-key.js';

/** What is kept of an issued certificate. */
export interface IssuedCertificate extends AgentKey {
  readonly serial: string;
  readonly fingerprint: string;
  readonly notAfter: Date;
}

export interface CertificateRow extends AgentKey {
  readonly serial: string;
  readonly fingerprint: string;
  readonly not_after: Date;
  readonly seen_at: Date | null;
  readonly revoked_at: Date | null;
  readonly expired: boolean;
}

/** The two halves of a database that statements need; a transaction has them too. */
export interface Statements {
  query<Rows>(text: string, values: unknown[]): Promise<Rows>;
}

/** Every certificate we issued. One that is not here is nobody's. */
export class CertificateStore {
  constructor(private readonly database: Database) {}

  /** Written in the transaction that spends what it was issued for. */
  async add(sql: Statements, issued: IssuedCertificate, replaces?: string): Promise<void> {
    const { serial, fingerprint, aid, cid, nid, notAfter } = issued;
    await sql.query(
      `INSERT INTO certificate (serial, fingerprint, aid, cid, nid, not_after, replaces) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [serial, fingerprint, aid, cid, nid, notAfter, replaces ?? null],
    );
  }

  /** Revokes what an agent has had so far; answers the serials. */
  async revokeAll(sql: Statements, { aid, cid, nid }: AgentKey, because: string): Promise<string[]> {
    const rows = await sql.query<{ serial: string }[]>(
      `WITH revoked AS (
         UPDATE certificate SET revoked_at = now(), revoked_because = $4
         WHERE aid = $1 AND cid = $2 AND nid = $3 AND revoked_at IS NULL RETURNING serial)
       SELECT serial FROM revoked`,
      [aid, cid, nid, because],
    );
    return rows.map(({ serial }) => serial);
  }

  async find(serial: string): Promise<CertificateRow | undefined> {
    const [row] = await this.database.query<CertificateRow>(
      `SELECT serial, fingerprint, aid, cid, nid, not_after, seen_at, revoked_at, not_after <= now() AS expired
       FROM certificate WHERE serial = $1`,
      [serial],
    );
    return row;
  }

  /** The first time a certificate is used: from then on the one it replaces is on its way out. */
  async seen(serial: string): Promise<void> {
    await this.database.query('UPDATE certificate SET seen_at = now() WHERE serial = $1 AND seen_at IS NULL', [serial]);
  }

  /** Revokes what was renewed, once the renewed one has been in use for a while; answers the serials. */
  async revokeReplaced(graceMs: number): Promise<string[]> {
    const rows = await this.database.query<{ serial: string }>(
      `WITH revoked AS (
         UPDATE certificate c SET revoked_at = now(), revoked_because = 'renewed' FROM certificate n
         WHERE n.replaces = c.serial AND c.revoked_at IS NULL AND n.seen_at < now() - $1::float8 * interval '1 ms'
         RETURNING c.serial)
       SELECT serial FROM revoked`,
      [graceMs],
    );
    return rows.map(({ serial }) => serial);
  }

  /** Forgets certificates that expired a month ago: the handshake refuses them anyway. */
  async forgetOld(): Promise<void> {
    await this.database.query(`DELETE FROM certificate WHERE not_after < now() - interval '30 days'`);
  }
}
