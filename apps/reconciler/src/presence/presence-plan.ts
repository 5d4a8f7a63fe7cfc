import { bundlesCapability } from '@runos/agent-protocol';
import type { AgentConnection } from '@runos/contracts';

/** Where the cluster agent stood until now. */
export interface Before {
  readonly sessionNo: number;
  readonly seq: number;
  readonly present: boolean;
  /** The Kubernetes cluster that the first agent spoke for. */
  readonly uid: string | null;
}

export interface PresencePlan {
  /** What was said is newer than what is known. */
  readonly news: boolean;
  /** Bundles may be sent to it. */
  readonly present: boolean;
  readonly uid: string | null;
  /** Set when the agent speaks for another Kubernetes cluster: nothing may be sent there. */
  readonly foreignUid: string | null;
  /** `arrived`: send what waits, let clocks run on; `left`: stop the clocks. */
  readonly turn: 'arrived' | 'left' | undefined;
}

/** What follows from a word of the cluster agent's gateway. Only a higher (session, seq) is news: words may be late. */
export function planPresence(before: Before, told: AgentConnection): PresencePlan {
  const news = told.sessionNo > before.sessionNo || (told.sessionNo === before.sessionNo && told.seq > before.seq);
  if (!news) return { news, present: before.present, uid: before.uid, foreignUid: null, turn: undefined };
  const foreign = before.uid !== null && told.clusterUid !== null && told.clusterUid !== before.uid;
  // Before its hello nobody knows what an agent can do, nor which Kubernetes it speaks for.
  const present = told.connected && told.capabilities.includes(bundlesCapability) && !foreign;
  const another = told.sessionNo > before.sessionNo;
  return {
    news,
    present,
    uid: before.uid ?? told.clusterUid,
    foreignUid: foreign && told.connected ? told.clusterUid : null,
    turn: present && (another || !before.present) ? 'arrived' : !present && before.present ? 'left' : undefined,
  };
}
