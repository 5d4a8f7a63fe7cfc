import { Aid, Cid, Nid } from '@runos/osid';

/** Identifies the cluster agent of a cluster, or the node agent of one of its nodes. */
export interface AgentIdentity {
  readonly aid: string;
  readonly cid: string;
  /** null for the cluster agent. */
  readonly nid: string | null;
}

const pattern = /^runos:\/\/([^/]+)\/([^/]+)\/(?:node\/([^/]+)|cluster)$/;

/** The URI by which the subject alternative names of a certificate identify an agent. */
export const AgentIdentity = {
  print: ({ aid, cid, nid }: AgentIdentity): string =>
    `runos://${aid}/${cid}/${nid === null ? 'cluster' : `node/${nid}`}`,

  parse(uri: string): AgentIdentity | undefined {
    const [, aid, cid, nid = null] = pattern.exec(uri) ?? [];
    if (!Aid.is(aid) || !Cid.is(cid) || !(nid === null || Nid.is(nid))) return undefined;
    return { aid, cid, nid };
  },
} as const;
