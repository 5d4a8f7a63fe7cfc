import { Aid, Cid, Nid } from '@runos/osid';

/** Who an agent is: the cluster agent of one cluster, or the node agent of one of its nodes. */
export interface AgentIdentity {
  readonly aid: string;
  readonly cid: string;
  /** null: the cluster agent. */
  readonly nid: string | null;
}

const pattern = /^runos:\/\/([^/]+)\/([^/]+)\/(?:node\/([^/]+)|cluster)$/;

/** How a certificate names an agent, as a URI among its subject's alternative names. */
export const AgentIdentity = {
  print: ({ aid, cid, nid }: AgentIdentity): string =>
    `runos://${aid}/${cid}/${nid === null ? 'cluster' : `node/${nid}`}`,

  parse(uri: string): AgentIdentity | undefined {
    const [, aid, cid, nid = null] = pattern.exec(uri) ?? [];
    if (!Aid.is(aid) || !Cid.is(cid) || !(nid === null || Nid.is(nid))) return undefined;
    return { aid, cid, nid };
  },
} as const;
