import { type Database, databaseNow } from '@runos/persistence';
import type { SessionHub } from '../sessions/session-hub.js';
import { identityOf } from './agent-key.js';
import type { AgentStore } from './agent-store.js';

export interface ClustersParts {
  readonly database: Database;
  readonly agents: AgentStore;
  readonly hub: SessionHub;
}

/** The agents of one cluster, all together. */
export class Clusters {
  constructor(private readonly parts: ClustersParts) {}

  /** When each was heard last: to the moment for streams of this replica, else as old as its last pulse. */
  async heartbeats(aid: string, cids: readonly string[]) {
    const { agents: known, database } = this.parts;
    const [rows, now] = await Promise.all([known.inClusters(aid, cids), databaseNow(database.manager)]);
    const agents = rows.map((row) => {
      const live = this.parts.hub.find(Number(row.session_no));
      const ageMs = live && this.parts.hub.heartbeats.ageOf(live);
      const at = ageMs === undefined ? row.last_beat_at : new Date(now.getTime() - ageMs);
      return { cid: row.cid, nid: identityOf(row).nid, lastHeartbeatAt: at?.toISOString() ?? null };
    });
    return { agents };
  }

  /** No certificate and no token of this cluster is worth anything from now on, and its streams end. */
  async forget(aid: string, cid: string): Promise<Record<string, never>> {
    const sessionNos = await this.parts.database.transaction(async (sql) => {
      const of = [aid, cid];
      await sql.query('DELETE FROM registration_token WHERE aid = $1 AND cid = $2', of);
      await sql.query(
        `UPDATE certificate SET revoked_at = now(), revoked_because = 'the cluster is deleted'
         WHERE aid = $1 AND cid = $2 AND revoked_at IS NULL`,
        of,
      );
      const open = await sql.query<{ session_no: number }[]>(
        'SELECT session_no FROM session WHERE aid = $1 AND cid = $2 AND closed_at IS NULL',
        of,
      );
      await sql.query('DELETE FROM agent WHERE aid = $1 AND cid = $2', of);
      return open.map((row) => Number(row.session_no));
    });
    await this.parts.hub.end(sessionNos, 'certificate-revoked', 'the cluster is deleted');
    return {};
  }
}
