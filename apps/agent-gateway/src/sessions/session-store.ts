import { Batcher } from '@runos/engine';
import type { Database } from '@runos/persistence';
import type { AgentKey } from '../agents/agent-key.js';
import type { AgentRow } from '../agents/agent-store.js';

export interface NewSession extends AgentKey {
  readonly sessionNo: number;
  readonly serial: string;
  readonly replica: string;
  readonly version: string | null;
  readonly capabilities: readonly string[];
  readonly clusterUid: string | null;
  readonly certificateExpiresAt: Date;
}

export interface Opened {
  readonly agent: AgentRow;
  /** Sessions of the same agent that this one replaces. */
  readonly replaced: readonly number[];
}

/** Which stream of which agent is on which replica. All times are the database's. */
export class SessionStore {
  readonly #finder = new Batcher<AgentKey, number | undefined>({ maxBatchSize: 100, run: (agents) => this.#find(agents) });

  constructor(private readonly database: Database) {}

  async nextNo(): Promise<number> {
    const [row] = await this.database.query<{ no: number }>(`SELECT nextval('session_no') AS no`);
    if (row === undefined) throw new Error('the sequence session_no gives nothing');
    return Number(row.no);
  }

  /** Undefined when a newer session of the same agent is there already, or the replica's lease is gone. */
  open(session: NewSession): Promise<Opened | undefined> {
    const { aid, cid, nid, sessionNo, serial, replica } = session;
    return this.database.transaction(async (sql) => {
      const [agent] = await sql.query<AgentRow[]>(
        `INSERT INTO agent AS a (aid, cid, nid, session_no, present, version, capabilities, cluster_uid, certificate_expires_at)
         SELECT $1, $2, $3, $4, true, $5, $6, $7, $8
         WHERE EXISTS (SELECT 1 FROM replica WHERE id = $9 AND lease_until > now() FOR SHARE)
         ON CONFLICT (aid, cid, nid) DO UPDATE SET session_no = $4, seq = a.seq + 1, present = true,
           version = coalesce($5, a.version), capabilities = $6, cluster_uid = coalesce($7, a.cluster_uid),
           certificate_expires_at = $8
         WHERE a.session_no < $4 RETURNING a.*`,
        [
          aid,
          cid,
          nid,
          sessionNo,
          session.version,
          session.capabilities,
          session.clusterUid,
          session.certificateExpiresAt,
          replica,
        ],
      );
      if (agent === undefined) return undefined;
      await sql.query(
        `INSERT INTO session (session_no, aid, cid, nid, serial, replica) VALUES ($1, $2, $3, $4, $5, $6)`,
        [sessionNo, aid, cid, nid, serial, replica],
      );
      const older = await sql.query<{ session_no: number }[]>(
        `WITH closed AS (
           UPDATE session SET closed_at = now(), close_reason = 'replaced by a newer stream'
           WHERE aid = $1 AND cid = $2 AND nid = $3 AND session_no < $4 AND closed_at IS NULL RETURNING session_no)
         SELECT session_no FROM closed`,
        [aid, cid, nid, sessionNo],
      );
      return { agent, replaced: older.map((row) => Number(row.session_no)) };
    });
  }

  /** The agent is absent from now on, unless a newer session took over. */
  close(sessionNo: number, reason: string, lastBeatAgeMs: number | undefined): Promise<AgentRow[]> {
    return this.database.query(
      `WITH closed AS (
         UPDATE session SET closed_at = now(), close_reason = $2 WHERE session_no = $1 AND closed_at IS NULL),
       changed AS (
         UPDATE agent SET present = false, seq = seq + 1,
           last_beat_at = greatest(last_beat_at, now() - $3::float8 * interval '1 ms')
         WHERE session_no = $1 AND present RETURNING *)
       SELECT * FROM changed`,
      [sessionNo, reason.slice(0, 256), lastBeatAgeMs ?? null],
    );
  }

  /** Where to reach an agent: its open session, if the replica that holds it is alive. */
  find(agent: AgentKey): Promise<number | undefined> {
    return this.#finder.add(agent);
  }

  /** Sessions that a replica believes to hold and should not: closed by others, or with a revoked certificate. */
  async lost(replica: string, held: readonly number[]): Promise<{ sessionNo: number; revoked: boolean }[]> {
    if (held.length === 0) return [];
    const rows = await this.database.query<{ session_no: number; revoked: boolean }>(
      `SELECT h.no AS session_no, coalesce(c.revoked_at IS NOT NULL, false) AS revoked
       FROM unnest($2::bigint[]) AS h(no)
       LEFT JOIN session s ON s.session_no = h.no AND s.replica = $1 AND s.closed_at IS NULL
       LEFT JOIN certificate c ON c.serial = s.serial
       WHERE s.session_no IS NULL OR c.serial IS NULL OR c.revoked_at IS NOT NULL`,
      [replica, held],
    );
    return rows.map((row) => ({ sessionNo: Number(row.session_no), revoked: row.revoked }));
  }

  /** Closes what is written down as open on a replica and is not: its end could not be written at its time. */
  closeUnheld(replica: string, held: readonly number[]): Promise<AgentRow[]> {
    return this.database.query(
      `WITH closed AS (
         UPDATE session SET closed_at = now(), close_reason = 'found closed'
         WHERE replica = $1 AND closed_at IS NULL AND session_no <> ALL($2::bigint[]) RETURNING session_no),
       changed AS (
         UPDATE agent a SET present = false, seq = a.seq + 1 FROM closed c
         WHERE a.session_no = c.session_no AND a.present RETURNING a.*)
       SELECT * FROM changed`,
      [replica, held],
    );
  }

  /** The open sessions that use one of these certificates. */
  async using(serials: readonly string[]): Promise<number[]> {
    const rows = await this.database.query<{ session_no: number }>(
      'SELECT session_no FROM session WHERE serial = ANY($1) AND closed_at IS NULL',
      [serials],
    );
    return rows.map((row) => Number(row.session_no));
  }

  /** Forgets sessions that ended more than a week ago. */
  async forgetOld(): Promise<void> {
    await this.database.query(`DELETE FROM session WHERE closed_at < now() - interval '7 days'`);
  }

  async #find(agents: readonly AgentKey[]): Promise<(number | undefined)[]> {
    const rows = await this.database.query<{ n: number; session_no: number }>(
      `SELECT k.n, s.session_no
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k(aid, cid, nid, n)
         JOIN agent a USING (aid, cid, nid) JOIN session s USING (session_no) JOIN replica r ON r.id = s.replica
       WHERE s.closed_at IS NULL AND r.lease_until > now()`,
      [agents.map(({ aid }) => aid), agents.map(({ cid }) => cid), agents.map(({ nid }) => nid)],
    );
    const found = new Map(rows.map(({ n, session_no }) => [Number(n), Number(session_no)]));
    return agents.map((_, index) => found.get(index + 1));
  }
}
