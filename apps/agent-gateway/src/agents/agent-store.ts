import type { Database } from '@runos/persistence';
import type { AgentKey } from './agent-key.js';

/** An agent as it is written down: what has been told to the reconciler, or is still to be. */
export interface AgentRow extends AgentKey {
  readonly session_no: number;
  readonly seq: number;
  readonly present: boolean;
  readonly ready: boolean;
  readonly version: string | null;
  readonly capabilities: string[];
  readonly cluster_uid: string | null;
  readonly last_beat_at: Date | null;
  readonly certificate_expires_at: Date | null;
}

export interface Beat extends AgentKey {
  readonly sessionNo: number;
  /** How long ago it arrived; null when there was none. */
  readonly ageMs: number | null;
}

/** What an agent says of itself. */
export interface Introduction {
  readonly version: string | null;
  readonly capabilities: readonly string[];
  readonly clusterUid: string | null;
}

const columns = `aid, cid, nid, session_no, seq, present, ready, version, capabilities, cluster_uid, last_beat_at,
  certificate_expires_at`;

/** The rows of agents. Only transitions are written, each with a higher `seq`, guarded by the session they concern. */
export class AgentStore {
  constructor(private readonly database: Database) {}

  /** Transitions answer the row as it is now, or nothing when there was nothing to change. */
  ready({ aid, cid, nid, sessionNo, ageMs }: Beat): Promise<AgentRow[]> {
    return this.database.query(
      `WITH changed AS (
         UPDATE agent SET ready = true, seq = seq + 1, last_beat_at = ${ago('$5')}
         WHERE aid = $1 AND cid = $2 AND nid = $3 AND session_no = $4 AND NOT ready RETURNING *)
       SELECT ${columns} FROM changed`,
      [aid, cid, nid, sessionNo, ageMs],
    );
  }

  notReady({ aid, cid, nid, sessionNo, ageMs }: Beat): Promise<AgentRow[]> {
    return this.database.query(
      `WITH changed AS (
         UPDATE agent SET ready = false, seq = seq + 1, last_beat_at = greatest(last_beat_at, ${ago('$5')})
         WHERE aid = $1 AND cid = $2 AND nid = $3 AND session_no = $4 AND ready RETURNING *)
       SELECT ${columns} FROM changed`,
      [aid, cid, nid, sessionNo, ageMs],
    );
  }

  introduce(key: AgentKey, sessionNo: number, said: Introduction): Promise<AgentRow[]> {
    return this.database.query(
      `WITH changed AS (
         UPDATE agent SET version = coalesce($5, version), capabilities = $6, cluster_uid = coalesce($7, cluster_uid),
           seq = seq + 1
         WHERE aid = $1 AND cid = $2 AND nid = $3 AND session_no = $4
           AND (version, capabilities, cluster_uid) IS DISTINCT FROM
               (coalesce($5, version), $6::text[], coalesce($7, cluster_uid)) RETURNING *)
       SELECT ${columns} FROM changed`,
      [key.aid, key.cid, key.nid, sessionNo, said.version, said.capabilities, said.clusterUid],
    );
  }

  certificateExpires(key: AgentKey, at: Date): Promise<AgentRow[]> {
    return this.database.query(
      `WITH changed AS (
         UPDATE agent SET certificate_expires_at = $4, seq = seq + 1
         WHERE aid = $1 AND cid = $2 AND nid = $3 AND certificate_expires_at IS DISTINCT FROM $4 RETURNING *)
       SELECT ${columns} FROM changed`,
      [key.aid, key.cid, key.nid, at],
    );
  }

  /**
   * When each was heard last, in one statement. Readiness is written along with it, so that a transition that could not
   * be written at its time is made up for; answers those.
   */
  note(seen: readonly (Beat & { readonly ready: boolean })[]): Promise<AgentRow[]> {
    return this.database.query(
      `WITH seen AS (
         SELECT b.*, a.ready AS was FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::float8[], $6::boolean[])
           AS b(aid, cid, nid, session_no, age, ready) JOIN agent a USING (aid, cid, nid, session_no) FOR UPDATE OF a),
       changed AS (
         UPDATE agent a SET last_beat_at = greatest(a.last_beat_at, ${ago('s.age')}), ready = s.ready,
           seq = a.seq + (a.ready <> s.ready)::int
         FROM seen s WHERE a.aid = s.aid AND a.cid = s.cid AND a.nid = s.nid RETURNING a.*, s.was)
       SELECT ${columns} FROM changed WHERE was <> ready`,
      [
        seen.map(({ aid }) => aid),
        seen.map(({ cid }) => cid),
        seen.map(({ nid }) => nid),
        seen.map(({ sessionNo }) => sessionNo),
        seen.map(({ ageMs }) => ageMs),
        seen.map(({ ready }) => ready),
      ],
    );
  }

  /** Agents without a stream whose last beat is too old. */
  stale(staleMs: number): Promise<AgentRow[]> {
    return this.database.query(
      `WITH changed AS (
         UPDATE agent SET ready = false, seq = seq + 1
         WHERE ready AND NOT present AND coalesce(last_beat_at, '-infinity') <= ${ago('$1')} RETURNING *)
       SELECT ${columns} FROM changed`,
      [staleMs],
    );
  }

  /** Milliseconds until the next agent without a stream is stale; undefined when there is none. */
  async nextStaleIn(staleMs: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ ms: number | null }>(
      `SELECT (extract(epoch FROM min(coalesce(last_beat_at, now())) - now()) * 1000 + $1)::float8 AS ms
       FROM agent WHERE ready AND NOT present`,
      [staleMs],
    );
    return row?.ms ?? undefined;
  }

  /**
   * Agents whose replica is gone with its lease: their streams are closed. Beats are written every `flushMs`, so the
   * replica may have heard one that is this much later than the last one written.
   */
  orphaned(flushMs: number): Promise<AgentRow[]> {
    return this.database.query(
      `WITH ended AS (
         UPDATE session s SET closed_at = now(), close_reason = 'its replica is gone' FROM replica r
         WHERE s.replica = r.id AND r.lease_until <= now() AND s.closed_at IS NULL RETURNING s.session_no, s.aid, s.cid, s.nid),
       changed AS (
         UPDATE agent a SET present = false, seq = a.seq + 1,
           last_beat_at = least(now(), a.last_beat_at + $1::float8 * interval '1 ms')
         FROM ended e
         WHERE a.aid = e.aid AND a.cid = e.cid AND a.nid = e.nid AND a.session_no = e.session_no RETURNING a.*),
       forgotten AS (
         DELETE FROM replica r WHERE r.lease_until < now() - interval '1 hour'
           AND NOT EXISTS (SELECT 1 FROM session s WHERE s.replica = r.id AND s.closed_at IS NULL))
       SELECT ${columns} FROM changed`,
      [flushMs],
    );
  }

  /** Agents whose last transition the reconciler has not acknowledged, at most `limit`. */
  untold(limit: number): Promise<AgentRow[]> {
    return this.database.query(`SELECT ${columns} FROM agent WHERE told_seq < seq ORDER BY aid LIMIT $1`, [limit]);
  }

  async told({ aid, cid, nid }: AgentKey, seq: number): Promise<void> {
    await this.database.query(
      `UPDATE agent SET told_seq = greatest(told_seq, $4) WHERE aid = $1 AND cid = $2 AND nid = $3`,
      [aid, cid, nid, seq],
    );
  }

  inClusters(aid: string, cids: readonly string[]): Promise<AgentRow[]> {
    return this.database.query(`SELECT ${columns} FROM agent WHERE aid = $1 AND cid = ANY($2) ORDER BY cid, nid`, [
      aid,
      cids,
    ]);
  }
}

/** So many milliseconds before now, by the database's clock. */
const ago = (ms: string): string => `now() - ${ms}::float8 * interval '1 ms'`;
