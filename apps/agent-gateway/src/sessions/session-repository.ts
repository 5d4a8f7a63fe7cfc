import { Injectable } from '@nestjs/common';
import { Batcher } from '@runos/engine';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { AgentInfo, AgentKey, AgentRow } from '../agents/agent-repository.js';
import { CertificateRepository } from '../certificates/certificate-repository.js';

export interface NewSession extends AgentKey, AgentInfo {
  readonly sessionNo: number;
  readonly serial: string;
  /** Of the agent, without the port. */
  readonly address: string;
  readonly replicaId: string;
  readonly certificateExpiresAt: Date;
}

export interface OpenedSession {
  readonly agent: AgentRow;
  /** The time since the last heartbeat of its earlier sessions that was written, ms; null when there was none. */
  readonly heartbeatAgeMs: number | null;
  /** Older sessions of the same agent, which this one has closed. */
  readonly replaced: readonly number[];
}

/** The sessions of a replica, with the newest number that it has ever taken. */
export interface HeldSessions {
  readonly sessionNos: readonly number[];
  readonly newestNo: number;
}

/** The sessions that a replica keeps under its new lease, and those to be moved yet. */
export interface KeptSessions {
  readonly kept: readonly number[];
  readonly locked: readonly number[];
}

/** Which replica holds the stream of each agent. All times are those of the database. */
@Injectable()
export class SessionRepository {
  readonly #finder = new Batcher<AgentKey, number | undefined>({
    maxBatchSize: 100,
    run: (agents) => this.#find(agents),
  });

  constructor(
    private readonly database: Database,
    private readonly certificates: CertificateRepository,
  ) {}

  /** Higher than every number before it, also than those that a restore of the database has lost. */
  async nextNo(): Promise<number> {
    const [row] = await this.database.query<{ no: number }>('SELECT next_session_no() AS no');
    if (row === undefined) throw new Error('the sequence session_no returned no row');
    return Number(row.no);
  }

  /**
   * Returns why it is not opened. A newer session of the same agent exists, the lease of the replica has expired, or
   * the certificate was revoked after the authentication.
   */
  open(session: NewSession): Promise<OpenedSession | 'stream-replaced' | 'certificate-revoked'> {
    const { aid, cid, nid, sessionNo, serial, address, replicaId, version, capabilities, clusterUid } = session;
    return this.database.transaction(async (sql) => {
      if (!(await this.certificates.isUnrevoked(sql, serial))) return 'certificate-revoked';
      const [agent] = await runSql<AgentRow & { readonly heartbeat_age_ms: number | null }>(
        sql,
        `INSERT INTO agent AS a
           (aid, cid, nid, session_no, connected, version, capabilities, cluster_uid, certificate_expires_at)
         SELECT $1, $2, $3, $4, true, $5, $6, $7, $8
         WHERE EXISTS (SELECT 1 FROM replica WHERE id = $9 AND lease_expires_at > now() FOR KEY SHARE)
         ON CONFLICT (aid, cid, nid) DO UPDATE SET session_no = $4, seq = a.seq + 1, info_no = 0, connected = true,
           version = coalesce($5, a.version), capabilities = $6, cluster_uid = coalesce($7, a.cluster_uid),
           certificate_expires_at = $8, ${sameDuplicate('$10')}
         WHERE a.session_no < $4
         RETURNING a.*, (extract(epoch FROM now() - a.last_heartbeat_at) * 1000)::float8 AS heartbeat_age_ms`,
        [aid, cid, nid, sessionNo, version, capabilities, clusterUid, session.certificateExpiresAt, replicaId, serial],
      );
      if (agent === undefined) return 'stream-replaced';
      await runSql(
        sql,
        `INSERT INTO session (session_no, aid, cid, nid, serial, replica_id, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [sessionNo, aid, cid, nid, serial, replicaId, address],
      );
      const older = await runSql<{ session_no: number }>(
        sql,
        `WITH closed AS (
           UPDATE session SET closed_at = now(), close_reason = 'replaced by a newer stream',
             replaced_by_address = $5
           WHERE aid = $1 AND cid = $2 AND nid = $3 AND session_no < $4 AND closed_at IS NULL RETURNING session_no)
         SELECT session_no FROM closed`,
        [aid, cid, nid, sessionNo, address],
      );
      return { agent, heartbeatAgeMs: agent.heartbeat_age_ms, replaced: older.map(sessionNoOf) };
    });
  }

  /** Closes the session and disconnects its agent, unless a newer session has replaced it. */
  close(sessionNo: number, reason: string, heartbeatAgeMs: number | undefined): Promise<AgentRow[]> {
    return this.database.query(
      `WITH closed AS (
         UPDATE session SET closed_at = now(), close_reason = $2 WHERE session_no = $1 AND closed_at IS NULL),
       changed AS (
         UPDATE agent a SET connected = false, seq = seq + 1,
           last_heartbeat_at = greatest(last_heartbeat_at, now() - $3::float8 * interval '1 ms')
         FROM session s
         WHERE s.session_no = $1 AND (a.aid, a.cid, a.nid) = (s.aid, s.cid, s.nid)
           AND a.session_no = $1 AND a.connected RETURNING a.*)
       SELECT * FROM changed`,
      [sessionNo, reason.slice(0, 256), heartbeatAgeMs ?? null],
    );
  }

  /** The open session of an agent, if the lease of its replica has not expired. */
  find(agent: AgentKey): Promise<number | undefined> {
    return this.#finder.add(agent);
  }

  /** Those of these sessions that must close: another replica closed them, or their certificate is revoked. */
  async toClose(opened: readonly number[]): Promise<{ sessionNo: number; revoked: boolean }[]> {
    if (opened.length === 0) return [];
    const rows = await this.database.query<{ session_no: number; revoked: boolean }>(
      `SELECT h.no AS session_no, coalesce(c.revoked_at IS NOT NULL, false) AS revoked
       FROM unnest($1::bigint[]) AS h(no)
       LEFT JOIN session s ON s.session_no = h.no AND s.closed_at IS NULL
       LEFT JOIN certificate c ON c.serial = s.serial
       WHERE s.session_no IS NULL OR c.serial IS NULL OR c.revoked_at IS NOT NULL`,
      [opened],
    );
    return rows.map((row) => ({ sessionNo: sessionNoOf(row), revoked: row.revoked }));
  }

  /**
   * Moves open sessions of a replica from its expired leases to its new one. Sessions that another replica has closed
   * meanwhile are in no list. `locked` are those that are not moved, because another statement has locked their rows.
   */
  async keep(oldReplicaIds: readonly string[], replicaId: string, opened: readonly number[]): Promise<KeptSessions> {
    const rows = await this.database.query<{ session_no: number; is_locked: boolean }>(
      `WITH unlocked AS (
         SELECT session_no FROM session
         WHERE replica_id = ANY($1::uuid[]) AND closed_at IS NULL AND session_no = ANY($3::bigint[])
         FOR NO KEY UPDATE SKIP LOCKED),
       moved AS (UPDATE session s SET replica_id = $2 FROM unlocked u WHERE s.session_no = u.session_no)
       SELECT session_no, replica_id <> $2 AND session_no NOT IN (SELECT session_no FROM unlocked) AS is_locked
       FROM session
       WHERE (replica_id = ANY($1::uuid[]) OR replica_id = $2) AND closed_at IS NULL AND session_no = ANY($3::bigint[])`,
      [oldReplicaIds, replicaId, opened],
    );
    const [locked, kept] = [rows.filter(({ is_locked }) => is_locked), rows.filter(({ is_locked }) => !is_locked)];
    return { kept: kept.map(sessionNoOf), locked: locked.map(sessionNoOf) };
  }

  /** The open sessions that use one of these certificates. */
  async openWithCertificates(serials: readonly string[]): Promise<number[]> {
    const rows = await this.database.query<{ session_no: number }>(
      'SELECT session_no FROM session WHERE serial = ANY($1) AND closed_at IS NULL',
      [serials],
    );
    return rows.map(sessionNoOf);
  }

  async openInCluster(sql: EntityManager, aid: string, cid: string): Promise<number[]> {
    const rows = await runSql<{ session_no: number }>(
      sql,
      'SELECT session_no FROM session WHERE aid = $1 AND cid = $2 AND closed_at IS NULL',
      [aid, cid],
    );
    return rows.map(sessionNoOf);
  }

  async #find(agents: readonly AgentKey[]): Promise<(number | undefined)[]> {
    const rows = await this.database.query<{ n: number; session_no: number }>(
      `SELECT k.n, s.session_no
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k(aid, cid, nid, n)
         JOIN agent a USING (aid, cid, nid) JOIN session s USING (session_no) JOIN replica r ON r.id = s.replica_id
       WHERE s.closed_at IS NULL AND r.lease_expires_at > now()`,
      [agents.map(({ aid }) => aid), agents.map(({ cid }) => cid), agents.map(({ nid }) => nid)],
    );
    const found = new Map(rows.map((row) => [Number(row.n), sessionNoOf(row)]));
    return agents.map((_, index) => found.get(index + 1));
  }
}

/** SQL assignments: another certificate of the agent ends the state of its duplicate. */
const sameDuplicate = (serial: string): string =>
  ['duplicate_addresses', 'duplicate_serial', 'duplicate_seen_at']
    .map((column) => `${column} = CASE WHEN a.duplicate_serial = ${serial} THEN a.${column} END`)
    .join(', ');

const sessionNoOf = (row: { readonly session_no: number }): number => Number(row.session_no);
