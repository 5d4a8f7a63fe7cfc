import {
  errorEnvelope,
  type Envelope,
  readReport,
  replyEnvelope,
  reports,
  type ReadReport,
} from '@runos/agent-protocol';
import { faultOf } from '@runos/kernel';
import { inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import type { Audit } from '../audit/audit.js';
import { kindOf } from '../certificates/gatekeeper.js';
import type { LiveAgent } from '../streams/live-agent.js';
import { namesAnother } from './names-another.js';
import type { ReportHandler, ReportHandlers } from './report-handler.js';

/** No report is longer; answers to instructions may be. */
const maxReportBytes = 1024 * 1024;
const maxNameLength = 128;

/** Answers of the agent that nobody waits for any more: to answer those would go on for ever. */
const lateAnswer = /^(ERROR|ACK|NO_CONTENT)$|_(RESPONSE|ERROR)$/;

/** Said every few seconds by everybody: not worth a trace. */
const frequent = /Heartbeat|^GetControlPlaneNodes$/;

export interface AnswerParts {
  readonly handlers: ReportHandlers;
  readonly audit: Audit;
  readonly logger: Logger;
}

/** Does what one message of an agent asks for and gives the answer, if there is one. Never throws. */
export async function answerReport(
  parts: AnswerParts,
  agent: LiveAgent,
  sent: Envelope,
): Promise<Envelope | undefined> {
  if (agent.answered(sent)) return undefined;
  const { logger } = parts;
  const { identity } = agent.peer;
  const type = sent.type.slice(0, maxNameLength);
  if (lateAnswer.test(type)) {
    const { aid, cid } = identity;
    const why = 'it answers what this agent was not asked';
    if (!agent.knows(sent.tag)) await parts.audit.refusedOften(aid, 'agent.answer', cid, type, why);
    return undefined;
  }
  if (sent.tag.length > maxNameLength || sent.type.length > maxNameLength || sent.jsonB64.length > maxReportBytes) {
    logger.warn({ ...identity, type, bytes: sent.jsonB64.length }, 'a message of an agent is too large');
    return errorEnvelope(`${type} is too large`, sent.tag.slice(0, maxNameLength));
  }
  const read = readReport(sent);
  if (read.kind !== 'report') {
    const problem = read.kind === 'unknown' ? `No handler found for message type: ${type}` : read.problem;
    logger.warn({ ...identity, type, problem }, 'a message of an agent is not understood');
    return errorEnvelope(problem, read.tag);
  }
  agent.remember(read.tag);
  return handled(parts, agent, read, sent.traceparent);
}

async function handled(
  { handlers, audit, logger }: AnswerParts,
  agent: LiveAgent,
  read: ReadReport,
  traceparent: string | undefined,
) {
  const { type, tag, body } = read;
  const { identity } = agent.peer;
  const handler = handlers[type] as ReportHandler<typeof type>;
  if (!handler.from.includes(kindOf(agent.peer))) {
    logger.warn({ ...identity, type }, 'an agent said what only another kind may say');
    return errorEnvelope(`${type} is not for a ${kindOf(agent.peer)}`, tag);
  }
  const another = namesAnother(identity, read.said);
  if (another !== undefined) {
    await audit.refusedOften(identity.aid, 'agent.identity', identity.cid, type, `it speaks for another ${another}`);
    return errorEnvelope(`${type} is about another ${another} than its certificate`, tag);
  }
  try {
    // The handler belongs to the body: both were found under the same type.
    const work = () => handler.handle(agent, body as never);
    const parent = traceOf(traceparent ? { traceparent } : {});
    const reply = await (frequent.test(type)
      ? work()
      : inSpan(`report ${type}`, { kind: SpanKind.SERVER, parent }, work));
    return reply === undefined ? undefined : replyEnvelope(reports[type], reply as never, tag);
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined)
      logger.error({ err: error, ...identity, type }, 'a message of an agent could not be handled');
    return errorEnvelope(fault?.message ?? 'Something went wrong on our side.', tag);
  }
}
