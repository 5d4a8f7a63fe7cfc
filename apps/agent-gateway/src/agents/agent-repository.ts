import { Injectable } from '@nestjs/common';
import type { AgentIdentity, AgentProblem, NodeKubernetesStatus } from '@runos/agent-protocol';
import type { NodeRole } from '@runos/contracts';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** An agent as the columns of a table name it: `nid` is empty for a cluster agent. */
export interface AgentKey {
  readonly aid: string;
  readonly cid: string;
  readonly nid: string;
}

export const keyOf = ({ aid, cid, nid }: AgentIdentity): AgentKey => ({ aid, cid, nid: nid ?? '' });

export const identityOf = ({ aid, cid, nid }: AgentKey): AgentIdentity => ({ aid, cid, nid: nid === '' ? null : nid });

/** The same text for the same agent, as the key of a map. */
export const keyText = ({ aid, cid, nid }: AgentKey): string => `${aid}/${cid}/${nid}`;

/** The same text for all agents of a cluster. */
export const clusterText = ({ aid, cid }: Pick<AgentKey, 'aid' | 'cid'>): string => `${aid}/${cid}`;

/** The connection of an agent: what the reconciler has acknowledged or still has to acknowledge. */
export interface AgentRow extends AgentKey {
  readonly session_no: number;
  /** Grows with every transition. */
  readonly seq: number;
  readonly connected: boolean;
  readonly ready: boolean;
  readonly version: string | null;
  readonly capabilities: string[];
  readonly cluster_uid: string | null;
  readonly last_heartbeat_at: Date | null;
  readonly certificate_expires_at: Date | null;
  /** What a node agent reported last about Kubernetes on its machine; null: nothing yet, or a cluster agent. */
  readonly kubernetes_status: NodeKubernetesStatus | null;
  readonly roles: NodeRole[] | null;
  /** The earlier and the later address of two machines with its certificate. */
  readonly duplicate_addresses: string[] | null;
  /** What a cluster agent has reported last; null: nothing yet, or a node agent. */
  readonly problems: AgentProblem[] | null;
}

/** The columns of `AgentRow`. */
export const agentColumns = `aid, cid, nid, session_no, seq, connected, ready, version, capabilities, cluster_uid,
  last_heartbeat_at, certificate_expires_at, kubernetes_status, roles, duplicate_addresses, problems`;

export interface Heartbeat extends AgentKey {
  readonly sessionNo: number;
  /** The time since the heartbeat arrived; null when none has arrived. */
  readonly ageMs: number | null;
  readonly ready: boolean;
}

/** What an agent states about itself in its hello or heartbeats. */
export interface AgentInfo {
  readonly version: string | null;
  readonly capabilities: readonly string[];
  readonly clusterUid: string | null;
  /** Of a node; null: not reported on this stream, so that the stored ones stay. */
  readonly kubernetesStatus: NodeKubernetesStatus | null;
  readonly roles: readonly NodeRole[] | null;
  /** Of a cluster agent; null: not reported on this stream, so that the stored ones stay. */
  readonly problems: readonly AgentProblem[] | null;
}

/** The session of an info, and the number of its changes before it. */
export interface InfoNumber {
  readonly sessionNo: number;
  readonly infoNo: number;
}

/** Writes transitions only. Each raises `seq` and applies only to the session it belongs to. */
@Injectable()
export class AgentRepository {
  constructor(private readonly database: Database) {}

  /**
   * Writes the info of a session, unless a newer one is written. A statement whose connection was lost can still be
   * executed after the next one.
   */
  setInfo(key: AgentKey, { sessionNo, infoNo }: InfoNumber, info: AgentInfo): Promise<AgentRow[]> {
    return this.database.query(
      `WITH known AS (
         SELECT aid, cid, nid, seq FROM agent
         WHERE aid = $1 AND cid = $2 AND nid = $3 AND session_no = $4 AND info_no < $5 FOR NO KEY UPDATE),
       changed AS (
         UPDATE agent a SET info_no = $5, version = coalesce($6, version), capabilities = $7,
           cluster_uid = coalesce($8, cluster_uid), kubernetes_status = coalesce($9, kubernetes_status),
           roles = coalesce($10, roles), problems = coalesce($11, problems),
           seq = a.seq + ((version, capabilities, cluster_uid, kubernetes_status, roles, problems) IS DISTINCT FROM
             (coalesce($6, version), $7::text[], coalesce($8, cluster_uid), coalesce($9, kubernetes_status),
              coalesce($10::text[], roles), coalesce($11::jsonb, problems)))::int
         FROM known k WHERE a.aid = k.aid AND a.cid = k.cid AND a.nid = k.nid RETURNING a.*, k.seq AS known_seq)
       SELECT ${agentColumns} FROM changed WHERE seq > known_seq`,
      [
        key.aid,
        key.cid,
        key.nid,
        sessionNo,
        infoNo,
        info.version,
        info.capabilities,
        info.clusterUid,
        info.kubernetesStatus,
        info.roles,
        info.problems && JSON.stringify(info.problems),
      ],
    );
  }

  setCertificateExpiry(key: AgentKey, expiresAt: Date): Promise<AgentRow[]> {
    return this.database.query(
      `WITH changed AS (
         UPDATE agent SET certificate_expires_at = $4, seq = seq + 1
         WHERE aid = $1 AND cid = $2 AND nid = $3 AND certificate_expires_at IS DISTINCT FROM $4 RETURNING *)
       SELECT ${agentColumns} FROM changed`,
      [key.aid, key.cid, key.nid, expiresAt],
    );
  }

  /**
   * Writes the last heartbeats and the readiness of many agents. Returns the agents whose readiness changed, and the
   * sessions of those whose rows are locked and were skipped. With `wait` there are none.
   */
  async writeHeartbeats(
    heartbeats: readonly Heartbeat[],
    locks: 'wait' | 'skip-locked',
  ): Promise<{ readonly changed: readonly AgentRow[]; readonly locked: readonly number[] }> {
    const rows = await this.database.query<AgentRow & { readonly is_locked: boolean }>(
      `WITH sent AS (
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::float8[], $6::boolean[])
           AS b(aid, cid, nid, session_no, age_ms, is_ready)),
       received AS (
         SELECT b.*, a.ready AS was_ready FROM sent b JOIN agent a USING (aid, cid, nid, session_no)
         ORDER BY a.aid, a.cid, a.nid FOR UPDATE OF a ${locks === 'skip-locked' ? 'SKIP LOCKED' : ''}),
       changed AS (
         UPDATE agent a SET last_heartbeat_at = greatest(a.last_heartbeat_at, ${ago('r.age_ms')}), ready = r.is_ready,
           seq = a.seq + (a.ready <> r.is_ready)::int
         FROM received r WHERE a.aid = r.aid AND a.cid = r.cid AND a.nid = r.nid RETURNING a.*, r.was_ready)
       SELECT ${agentColumns}, false AS is_locked FROM changed WHERE was_ready <> ready
       UNION ALL
       SELECT ${agentColumns}, true FROM sent JOIN agent USING (aid, cid, nid, session_no)
       WHERE session_no NOT IN (SELECT session_no FROM received)`,
      [
        heartbeats.map(({ aid }) => aid),
        heartbeats.map(({ cid }) => cid),
        heartbeats.map(({ nid }) => nid),
        heartbeats.map(({ sessionNo }) => sessionNo),
        heartbeats.map(({ ageMs }) => ageMs),
        heartbeats.map(({ ready }) => ready),
      ],
    );
    const [locked, changed] = [rows.filter(({ is_locked }) => is_locked), rows.filter(({ is_locked }) => !is_locked)];
    return { changed, locked: locked.map(({ session_no: no }) => Number(no)) };
  }

  /**
   * Sets disconnected agents to not ready when their last heartbeat is older than `staleAfterMs`. Agents whose rows are
   * locked are left to the next call.
   */
  expireDisconnected(staleAfterMs: number): Promise<AgentRow[]> {
    return this.database.query(
      `WITH stale AS (
         SELECT aid, cid, nid FROM agent
         WHERE ready AND NOT connected AND coalesce(last_heartbeat_at, '-infinity') <= ${ago('$1')}
         FOR NO KEY UPDATE SKIP LOCKED),
       changed AS (
         UPDATE agent a SET ready = false, seq = a.seq + 1 FROM stale s
         WHERE a.aid = s.aid AND a.cid = s.cid AND a.nid = s.nid RETURNING a.*)
       SELECT ${agentColumns} FROM changed`,
      [staleAfterMs],
    );
  }

  /** Milliseconds until the next disconnected agent becomes stale; negative if it already is; undefined when there is none. */
  async nextExpiryMs(staleAfterMs: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ ms: number | null }>(
      `SELECT (extract(epoch FROM min(coalesce(last_heartbeat_at, now())) - now()) * 1000 + $1)::float8 AS ms
       FROM agent WHERE ready AND NOT connected`,
      [staleAfterMs],
    );
    return row?.ms ?? undefined;
  }

  /**
   * Agents whose last transition the reconciler has not acknowledged. Clusters alternate, so that no cluster with
   * more than `limit` of them keeps back those of others.
   */
  notAcknowledged(limit: number): Promise<AgentRow[]> {
    return this.database.query(
      `SELECT ${agentColumns} FROM (
         SELECT *, row_number() OVER (PARTITION BY aid, cid ORDER BY nid) AS round FROM agent WHERE acknowledged_seq < seq) a
       ORDER BY round, aid, cid LIMIT $1`,
      [limit],
    );
  }

  /** A row that was deleted and made again meanwhile has a lower `seq`, and is not acknowledged. */
  async setAcknowledged({ aid, cid, nid }: AgentKey, seq: number): Promise<void> {
    await this.database.query(
      `UPDATE agent SET acknowledged_seq = greatest(acknowledged_seq, $4)
       WHERE aid = $1 AND cid = $2 AND nid = $3 AND seq >= $4`,
      [aid, cid, nid, seq],
    );
  }

  find({ aid, cid, nid }: AgentKey): Promise<AgentRow[]> {
    return this.database.query(`SELECT ${agentColumns} FROM agent WHERE aid = $1 AND cid = $2 AND nid = $3`, [
      aid,
      cid,
      nid,
    ]);
  }

  inClusters(aid: string, cids: readonly string[]): Promise<AgentRow[]> {
    return this.database.query(`SELECT ${agentColumns} FROM agent WHERE aid = $1 AND cid = ANY($2) ORDER BY cid, nid`, [
      aid,
      cids,
    ]);
  }

  async delete(sql: EntityManager, { aid, cid, nid }: AgentKey): Promise<void> {
    await runSql(sql, 'DELETE FROM agent WHERE aid = $1 AND cid = $2 AND nid = $3', [aid, cid, nid]);
  }

  /** Locks the agents in the order of `writeHeartbeats`. */
  async deleteOfCluster(sql: EntityManager, aid: string, cid: string): Promise<void> {
    await runSql(
      sql,
      `WITH deleted AS (SELECT nid FROM agent WHERE aid = $1 AND cid = $2 ORDER BY nid FOR UPDATE)
       DELETE FROM agent a USING deleted d WHERE a.aid = $1 AND a.cid = $2 AND a.nid = d.nid`,
      [aid, cid],
    );
  }
}

/** The time this many milliseconds ago, by the clock of the database. */
const ago = (ms: string): string => `now() - ${ms}::float8 * interval '1 ms'`;
