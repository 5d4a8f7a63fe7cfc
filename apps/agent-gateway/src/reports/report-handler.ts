import type { AgentIdentity, AgentKind, ReadReport, ReplyOf, reports, ReportType } from '@runos/agent-protocol';
import type { ConnectedAgent } from '../streams/connected-agent.js';

export type BodyRead<T extends ReportType> = Extract<ReadReport, { type: T }>['body'];

/** Handles one type of report, from the given kinds of agents. */
export interface ReportHandler<T extends ReportType> {
  readonly from: readonly AgentKind[];
  /** The reply; undefined for reports without one. The agent receives the message of a Fault that this throws. */
  handle(agent: ConnectedAgent, body: BodyRead<T>): Promise<ReplyOf<(typeof reports)[T]>>;
}

/** One handler per report of the catalog. A missing one is a compile error. */
export type ReportHandlers = { readonly [T in ReportType]: ReportHandler<T> };

const nouns = { aid: 'account', cid: 'cluster', nid: 'node' } as const;

/** What a payload claims about its sender in contradiction to the certificate: account, cluster or node. */
export function contradictedClaim(identity: AgentIdentity, payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const claims = payload as Readonly<Record<string, unknown>>;
  const contradicts = (name: keyof AgentIdentity): boolean => {
    const claim = claims[name] ?? '';
    return claim !== '' && claim !== identity[name];
  };
  const name = (Object.keys(nouns) as (keyof AgentIdentity)[]).find(contradicts);
  return name && nouns[name];
}
