import type { AgentKind, ReadReport, ReplyOf, reports, ReportType } from '@runos/agent-protocol';
import type { LiveAgent } from '../streams/live-agent.js';

export type BodyRead<T extends ReportType> = Extract<ReadReport, { type: T }>['body'];

/** What is done with one type of report, and by whom it may be sent. */
export interface ReportHandler<T extends ReportType> {
  readonly from: readonly AgentKind[];
  /** The answer; undefined for what is never answered. A Fault it throws is told to the agent in its words. */
  handle(agent: LiveAgent, body: BodyRead<T>): Promise<ReplyOf<(typeof reports)[T]>>;
}

/** One handler per report of the catalog: a type without one does not compile. */
export type ReportHandlers = { readonly [T in ReportType]: ReportHandler<T> };
