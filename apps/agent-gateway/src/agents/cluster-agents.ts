import { Injectable } from '@nestjs/common';
import { Database, databaseNow } from '@runos/persistence';
import { CertificateRepository } from '../certificates/certificate-repository.js';
import { SessionRegistry } from '../sessions/session-registry.js';
import { SessionRepository } from '../sessions/session-repository.js';
import { RegistrationTokenRepository } from '../tokens/registration-token-repository.js';
import { type AgentKey, AgentRepository, identityOf } from './agent-repository.js';

/** The agents of clusters: the cluster agent and all node agents of each. */
@Injectable()
export class ClusterAgents {
  constructor(
    private readonly database: Database,
    private readonly agents: AgentRepository,
    private readonly certificates: CertificateRepository,
    private readonly tokens: RegistrationTokenRepository,
    private readonly sessions: SessionRepository,
    private readonly registry: SessionRegistry,
  ) {}

  /** Exact for streams of this replica. For streams of other replicas it is at most one maintenance interval old. */
  async heartbeats(aid: string, cids: readonly string[]) {
    const [rows, now] = await Promise.all([this.agents.inClusters(aid, cids), databaseNow(this.database.manager)]);
    const agents = rows.map((row) => {
      const ageMs = this.registry.heartbeatAgeMs(Number(row.session_no));
      const at = ageMs === undefined ? row.last_heartbeat_at : new Date(now.getTime() - ageMs);
      return { cid: row.cid, nid: identityOf(row).nid, lastHeartbeatAt: at?.toISOString() ?? null };
    });
    return { agents };
  }

  /** Revokes every certificate of a node, then closes its streams. */
  async revokeNode(node: AgentKey): Promise<Record<string, never>> {
    const revoked = await this.database.transaction(async (sql) => {
      const serials = await this.certificates.revokeOfAgent(sql, node, 'the node is deleted');
      await this.agents.delete(sql, node);
      return serials;
    });
    const sessionNos = await this.sessions.openWithCertificates(revoked);
    await this.registry.close(sessionNos, 'certificate-revoked', 'the node is deleted');
    return {};
  }

  /** Revokes every certificate and deletes every token of the cluster, then closes its streams. */
  async revoke(aid: string, cid: string): Promise<Record<string, never>> {
    const sessionNos = await this.database.transaction(async (sql) => {
      await this.tokens.deleteOfCluster(sql, aid, cid);
      await this.certificates.revokeOfCluster(sql, aid, cid, 'the cluster is deleted');
      const open = await this.sessions.openInCluster(sql, aid, cid);
      await this.agents.deleteOfCluster(sql, aid, cid);
      return open;
    });
    await this.registry.close(sessionNos, 'certificate-revoked', 'the cluster is deleted');
    return {};
  }
}
