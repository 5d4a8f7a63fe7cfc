import type { AgentIdentity } from '@runos/agent-protocol';

/** An agent as its columns name it: `nid` is empty for a cluster agent. */
export interface AgentKey {
  readonly aid: string;
  readonly cid: string;
  readonly nid: string;
}

export const keyOf = ({ aid, cid, nid }: AgentIdentity): AgentKey => ({ aid, cid, nid: nid ?? '' });

export const identityOf = ({ aid, cid, nid }: AgentKey): AgentIdentity => ({ aid, cid, nid: nid === '' ? null : nid });

/** The same text for the same agent, to be used as a key in memory. */
export const keyText = ({ aid, cid, nid }: AgentKey): string => `${aid}/${cid}/${nid}`;
