import { Injectable } from '@nestjs/common';
import {
  type AgentIdentity,
  errorEnvelope,
  type Envelope,
  readReport,
  replyEnvelope,
  reports,
  type ReadReport,
} from '@runos/agent-protocol';
import { faultOf, internalError } from '@runos/kernel';
import { inSpan, SpanKind, traceOf } from '@runos/observability';
import { AgentLog } from '../agents/agent-log.js';
import { AuditRecorder } from '../audit/audit-recorder.js';
import { kindOf } from '../certificates/certificate-authenticator.js';
import type { ConnectedAgent } from '../streams/connected-agent.js';
import { ClusterReports, NodeReports, type ReportHandler, type ReportHandlers } from './report-handlers.js';

/** No report is longer; replies to instructions may be. */
const maxReportBytes = 1024 * 1024;
const maxNameLength = 128;

/** Types of replies. A late reply must not get a reply itself, or both sides would reply without end. */
const replyType = /^(ERROR|ACK|NO_CONTENT)$|_(RESPONSE|ERROR)$/;

/** Every agent sends these every few seconds, so they get no span. */
const untraced = /Heartbeat|^GetControlPlaneNodes$/;

/** The fields by which a payload may name its sender. */
const claimNouns = { aid: 'account', cid: 'cluster', nid: 'node' } as const;

/** Passes a message of an agent to its handler and returns the reply. */
@Injectable()
export class ReportDispatcher {
  readonly #handlers: ReportHandlers;

  constructor(
    nodeReports: NodeReports,
    clusterReports: ClusterReports,
    private readonly audit: AuditRecorder,
    private readonly log: AgentLog,
  ) {
    this.#handlers = { ...nodeReports.handlers, ...clusterReports.handlers };
  }

  /** Undefined when the message gets no reply. Never throws. */
  async dispatch(agent: ConnectedAgent, message: Envelope): Promise<Envelope | undefined> {
    if (agent.acceptReply(message)) return undefined;
    const { identity } = agent.peer;
    const { tag, jsonB64 } = message;
    const type = message.type.slice(0, maxNameLength);
    if (replyType.test(type)) {
      const { aid, cid } = identity;
      const reason = 'it replies to an instruction that this agent did not receive';
      if (!agent.hasSeenTag(tag)) await this.audit.refusedRepeatedly(aid, 'agent.reply', cid, type, reason);
      return undefined;
    }
    if (tag.length > maxNameLength || message.type.length > maxNameLength || jsonB64.length > maxReportBytes) {
      this.log.write(identity, 'warn', { type, bytes: jsonB64.length }, 'agent message is too large');
      return errorEnvelope(`${type} is too large`, tag.slice(0, maxNameLength));
    }
    const read = readReport(message);
    if (read.kind !== 'report') {
      const problem = read.kind === 'unknown' ? `No handler found for message type: ${type}` : read.problem;
      this.log.write(identity, 'warn', { type, problem }, 'agent message is not valid');
      return errorEnvelope(problem, read.tag);
    }
    agent.addTag(read.tag);
    return this.#handle(agent, read, message.traceparent);
  }

  async #handle(agent: ConnectedAgent, report: ReadReport, traceparent = ''): Promise<Envelope | undefined> {
    const { type, tag, body, payload } = report;
    const { identity } = agent.peer;
    const kind = kindOf(agent.peer);
    const handler = this.#handlers[type] as ReportHandler<typeof type>;
    if (!handler.from.includes(kind)) {
      this.log.write(identity, 'warn', { type }, 'agent message is not allowed for this kind of agent');
      return errorEnvelope(`${type} is not for a ${kind}`, tag);
    }
    const claim = contradictedClaim(identity, payload);
    if (claim !== undefined) {
      const reason = `it claims another ${claim}`;
      await this.audit.refusedRepeatedly(identity.aid, 'agent.identity', identity.cid, type, reason);
      return errorEnvelope(`${type} is about another ${claim} than its certificate`, tag);
    }
    try {
      // Handler and body have the same type, which the compiler cannot relate.
      const handle = () => handler.handle(agent, body as never);
      const span = { kind: SpanKind.SERVER, parent: traceOf(traceparent === '' ? {} : { traceparent }) };
      const reply = await (untraced.test(type) ? handle() : inSpan(`report ${type}`, span, handle));
      return reply === undefined ? undefined : replyEnvelope(reports[type], reply as never, tag);
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) this.log.write(identity, 'error', { err: error, type }, 'agent message handler failed');
      return errorEnvelope((fault ?? internalError()).message, tag);
    }
  }
}

/** What a payload claims about its sender in contradiction to the certificate: account, cluster or node. */
function contradictedClaim(identity: AgentIdentity, payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const claims = payload as Readonly<Record<string, unknown>>;
  const contradicts = (name: keyof AgentIdentity): boolean => {
    const claim = claims[name] ?? '';
    return claim !== '' && claim !== identity[name];
  };
  const name = (Object.keys(claimNouns) as (keyof AgentIdentity)[]).find(contradicts);
  return name && claimNouns[name];
}
