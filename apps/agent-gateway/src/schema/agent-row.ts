import type { AgentKey } from '../agents/agent-key.js';

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
}

/** The columns of `AgentRow`. */
export const agentColumns = `aid, cid, nid, session_no, seq, connected, ready, version, capabilities, cluster_uid,
  last_heartbeat_at, certificate_expires_at`;
