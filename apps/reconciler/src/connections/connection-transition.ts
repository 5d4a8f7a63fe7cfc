import { bundlesCapability } from '@runos/agent-protocol';
import type { AgentConnection } from '@runos/contracts';

/** The stored connection of a cluster agent. */
export interface StoredConnection {
  readonly sessionNo: number;
  readonly seq: number;
  readonly connected: boolean;
  /** The Kubernetes cluster of the first agent. */
  readonly uid: string | null;
  /** The Kubernetes cluster of the last agent, if it is another. */
  readonly foreignUid: string | null;
}

/** The connection after a report. */
export interface ConnectionTransition {
  /** The report is newer than the stored connection; older reports change nothing. */
  readonly newer: boolean;
  /** The agent receives bundles. */
  readonly connected: boolean;
  readonly uid: string | null;
  /**
   * Set when the last agent runs in another Kubernetes cluster: it receives no bundles, also after it has disconnected.
   * Only an agent that states the right Kubernetes cluster ends this.
   */
  readonly foreignUid: string | null;
  /** `connected`: deliver waiting work and resume deadlines; `disconnected`: pause deadlines. */
  readonly change: 'connected' | 'disconnected' | undefined;
}

/** Reports can arrive late and out of order, so only a higher (session, seq) is newer. */
export function connectionTransition(stored: StoredConnection, report: AgentConnection): ConnectionTransition {
  const newer =
    report.sessionNo > stored.sessionNo || (report.sessionNo === stored.sessionNo && report.seq > stored.seq);
  const { uid, foreignUid } = stored;
  if (!newer) return { newer, connected: stored.connected, uid, foreignUid, change: undefined };
  const nextForeignUid = report.clusterUid === null ? foreignUid : foreignUidOf(report.clusterUid, uid);
  // The capabilities and the cluster's uid arrive with the agent's HELLO; until then it receives no bundles.
  const connected = report.connected && report.capabilities.includes(bundlesCapability) && nextForeignUid === null;
  const newSession = report.sessionNo > stored.sessionNo;
  return {
    newer,
    connected,
    uid: uid ?? report.clusterUid,
    foreignUid: nextForeignUid,
    change:
      connected && (newSession || !stored.connected)
        ? 'connected'
        : !connected && stored.connected
          ? 'disconnected'
          : undefined,
  };
}

const foreignUidOf = (stated: string, uid: string | null): string | null =>
  uid === null || stated === uid ? null : stated;
