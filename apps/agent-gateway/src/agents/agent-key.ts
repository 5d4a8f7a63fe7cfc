import type { AgentIdentity, AgentKind } from '@runos/agent-protocol';

/** An agent as the columns of a table name it: `nid` is empty for a cluster agent. */
export interface AgentKey {
  readonly aid: string;
  readonly cid: string;
  readonly nid: string;
}

/** The authenticated peer of a call or stream, as its certificate names it. */
export interface AgentPeer {
  readonly identity: AgentIdentity;
  readonly serial: string;
  readonly certificateExpiresAt: Date;
}

export const keyOf = ({ aid, cid, nid }: AgentIdentity): AgentKey => ({ aid, cid, nid: nid ?? '' });

export const identityOf = ({ aid, cid, nid }: AgentKey): AgentIdentity => ({ aid, cid, nid: nid === '' ? null : nid });

/** The same text for the same agent, as the key of a map. */
export const keyText = ({ aid, cid, nid }: AgentKey): string => `${aid}/${cid}/${nid}`;

export const kindOf = ({ identity }: AgentPeer): AgentKind => (identity.nid === null ? 'cluster-agent' : 'node');
