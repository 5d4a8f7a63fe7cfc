import { bundlesCapability } from '@runos/agent-protocol';
import type { AgentConnection } from '@runos/contracts';

/** The stored connection of a cluster agent. */
export interface StoredConnection {
  readonly sessionNo: number;
  readonly seq: number;
  readonly connected: boolean;
  /** The Kubernetes cluster of the first agent. */
  readonly uid: string | null;
}

/** The connection after a report. */
export interface ConnectionTransition {
  /** The report is newer than the stored connection; older reports change nothing. */
  readonly newer: boolean;
  /** The agent receives bundles. */
  readonly connected: boolean;
  readonly uid: string | null;
  /** Set when the agent runs in another Kubernetes cluster: it receives no bundles. */
  readonly foreignUid: string | null;
  /** `connected`: deliver waiting work and resume deadlines; `disconnected`: pause deadlines. */
  readonly change: 'connected' | 'disconnected' | undefined;
}

/** Reports can arrive late and out of order, so only a higher (session, seq) is newer. */
export function connectionTransition(stored: StoredConnection, report: AgentConnection): ConnectionTransition {
  const newer =
    report.sessionNo > stored.sessionNo || (report.sessionNo === stored.sessionNo && report.seq > stored.seq);
  if (!newer) return { newer, connected: stored.connected, uid: stored.uid, foreignUid: null, change: undefined };
  const foreign = stored.uid !== null && report.clusterUid !== null && report.clusterUid !== stored.uid;
  // The capabilities and the cluster's uid arrive with the agent's HELLO; until then it receives no bundles.
  const connected = report.connected && report.capabilities.includes(bundlesCapability) && !foreign;
  const newSession = report.sessionNo > stored.sessionNo;
  return {
    newer,
    connected,
    uid: stored.uid ?? report.clusterUid,
    foreignUid: foreign && report.connected ? report.clusterUid : null,
    change:
      connected && (newSession || !stored.connected)
        ? 'connected'
        : !connected && stored.connected
          ? 'disconnected'
          : undefined,
  };
}
