import { Injectable } from '@nestjs/common';
import { Database } from '@runos/persistence';
import { agentColumns, type AgentRow } from '../agents/agent-repository.js';
import type { HeldSessions } from './session-repository.js';

/**
 * Closes open sessions whose stream is gone, and disconnects their agents. The statements serve all clusters, so they wait
 * for no lock: a session whose row or agent is locked is left to the next call.
 */
@Injectable()
export class OrphanedSessionRepository {
  constructor(private readonly database: Database) {}

  /**
   * Closes sessions of the replica that it does not hold, because writing their end failed before. Newer sessions than
   * those that it knew are left.
   */
  closeNotHeld(replicaId: string, { sessionNos, newestNo }: HeldSessions): Promise<AgentRow[]> {
    return this.database.query(
      closeUnlocked({
        sessions: `session s
          WHERE s.replica_id = $1 AND s.closed_at IS NULL AND s.session_no <> ALL($2::bigint[]) AND s.session_no <= $3`,
        reason: 'not held by its replica',
        lastHeartbeatAt: 'a.last_heartbeat_at',
      }),
      [replicaId, sessionNos, newestNo],
    );
  }

  /**
   * Closes the sessions of replicas whose lease has expired. A replica writes heartbeats every `flushIntervalMs`, so it
   * may have received one that is this much later than the last one written. `replicaId` is the calling replica. Does
   * nothing when its lease has expired too: some of the sessions are its own, and the cause may be the database.
   */
  async disconnectOrphaned(replicaId: string, flushIntervalMs: number): Promise<AgentRow[]> {
    const disconnected = await this.database.query<AgentRow>(
      closeUnlocked({
        sessions: `session s JOIN replica r ON r.id = s.replica_id
          WHERE r.lease_expires_at <= now() AND s.closed_at IS NULL
            AND EXISTS (SELECT 1 FROM replica WHERE id = $1 AND lease_expires_at > now())`,
        reason: 'the lease of its replica expired',
        lastHeartbeatAt: `least(now(), a.last_heartbeat_at + $2::float8 * interval '1 ms')`,
      }),
      [replicaId, flushIntervalMs],
    );
    await this.database.query(
      `DELETE FROM replica r WHERE r.lease_expires_at < now() - interval '1 hour'
         AND NOT EXISTS (SELECT 1 FROM session s WHERE s.replica_id = r.id AND s.closed_at IS NULL)`,
    );
    return disconnected;
  }
}

/**
 * SQL of one statement. It locks both rows before it writes one. A session without an agent, or whose agent has another
 * session, is closed alone.
 */
const closeUnlocked = ({
  sessions,
  reason,
  lastHeartbeatAt,
}: Record<'sessions' | 'reason' | 'lastHeartbeatAt', string>) =>
  `WITH orphaned AS (
     SELECT s.session_no, s.aid, s.cid, s.nid FROM ${sessions} FOR NO KEY UPDATE OF s SKIP LOCKED),
   unlocked AS (
     SELECT aid, cid, nid, session_no FROM orphaned JOIN agent a USING (aid, cid, nid, session_no)
     WHERE a.connected FOR NO KEY UPDATE OF a SKIP LOCKED),
   closed AS (
     UPDATE session s SET closed_at = now(), close_reason = '${reason}' FROM orphaned o
     WHERE s.session_no = o.session_no AND (o.session_no IN (SELECT session_no FROM unlocked)
       OR NOT EXISTS (SELECT 1 FROM agent a WHERE a.aid = o.aid AND a.cid = o.cid AND a.nid = o.nid
                        AND a.session_no = o.session_no AND a.connected))),
   changed AS (
     UPDATE agent a SET connected = false, seq = a.seq + 1, last_heartbeat_at = ${lastHeartbeatAt} FROM unlocked u
     WHERE a.aid = u.aid AND a.cid = u.cid AND a.nid = u.nid RETURNING a.*)
   SELECT ${agentColumns} FROM changed`;
