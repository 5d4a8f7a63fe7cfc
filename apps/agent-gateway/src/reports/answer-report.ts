import {
  errorEnvelope,
  type Envelope,
  readReport,
  replyEnvelope,
  reports,
  type ReadReport,
} from '@runos/agent-protocol';
import { faultOf } from '@runos/kernel';
import { inSpan, type Logger, SpanKind } from '@runos/observability';
import { kindOf } from '../certificates/gatekeeper.js';
import type { LiveAgent } from '../streams/live-agent.js';
import type { ReportHandler, ReportHandlers } from './report-handler.js';

/** No report is longer; answers to instructions may be. */
const maxReportBytes = 1024 * 1024;
const maxNameLength = 128;

/** Answers of the agent that nobody waits for any more: to answer those would go on for ever. */
const lateAnswer = /^(ERROR|ACK|NO_CONTENT)$|_(RESPONSE|ERROR)$/;

/** Said every few seconds by everybody: not worth a trace. */
const frequent = /Heartbeat|^GetControlPlaneNodes$/;

/** Does what one message of an agent asks for and gives the answer, if there is one. Never throws. */
export async function answerReport(
  handlers: ReportHandlers,
  agent: LiveAgent,
  sent: Envelope,
  logger: Logger,
): Promise<Envelope | undefined> {
  if (agent.answered(sent) || lateAnswer.test(sent.type)) return undefined;
  const { identity } = agent.peer;
  const type = sent.type.slice(0, maxNameLength);
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
  return handled(handlers, agent, read, logger);
}

async function handled(handlers: ReportHandlers, agent: LiveAgent, read: ReadReport, logger: Logger) {
  const { type, tag, body } = read;
  const { identity } = agent.peer;
  const handler = handlers[type] as ReportHandler<typeof type>;
  if (!handler.from.includes(kindOf(agent.peer))) {
    logger.warn({ ...identity, type }, 'an agent said what only another kind may say');
    return errorEnvelope(`${type} is not for a ${kindOf(agent.peer)}`, tag);
  }
  try {
    // The handler belongs to the body: both were found under the same type.
    const work = () => handler.handle(agent, body as never);
    const reply = await (frequent.test(type) ? work() : inSpan(`report ${type}`, { kind: SpanKind.SERVER }, work));
    return reply === undefined ? undefined : replyEnvelope(reports[type], reply as never, tag);
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined)
      logger.error({ err: error, ...identity, type }, 'a message of an agent could not be handled');
    return errorEnvelope(fault?.message ?? 'Something went wrong on our side.', tag);
  }
}
