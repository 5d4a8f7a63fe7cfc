import type { ServerDuplexStream } from '@grpc/grpc-js';
import { AgentHello, type AgentKind, type Envelope, readReport } from '@runos/agent-protocol';
import type { Logger } from '@runos/observability';
import { keyOf, keyText } from '../agents/agent-key.js';
import type { Introduction } from '../agents/agent-store.js';
import type { Gatekeeper } from '../certificates/gatekeeper.js';
import type { RateLimit } from '../grpc/rate-limit.js';
import type { Audit } from '../audit/audit.js';
import { answerReport } from '../reports/answer-report.js';
import type { ReportHandlers } from '../reports/report-handler.js';
import type { SessionHub } from '../sessions/session-hub.js';
import { AgentStream } from './agent-stream.js';
import type { LiveAgent, Peer } from './live-agent.js';
import { type Pace, Pacer } from './pacer.js';

export interface AgentStreamsParts {
  readonly gatekeeper: Gatekeeper;
  readonly hub: SessionHub;
  readonly handlers: ReportHandlers;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly pace: Pace;
  /** How often one agent may open a stream. */
  readonly limit: RateLimit;
  /** A stream on which nothing is said for this long at its beginning is ended. */
  readonly firstWordMs: number;
}

/** Streams of agents from the first moment to the last: admitted, introduced, listened to. */
export class AgentStreams {
  constructor(private readonly parts: AgentStreamsParts) {}

  /** Takes one stream. Never throws: what goes wrong is told to the agent and the log. */
  async take(call: ServerDuplexStream<Envelope, Envelope>, kind: AgentKind): Promise<void> {
    const { gatekeeper, limit, logger, pace } = this.parts;
    const stream = new AgentStream(call, new Pacer(pace));
    try {
      const admission = await gatekeeper.admit(call, kind);
      if (!admission.admitted) {
        logger.warn({ kind, from: call.getPeer(), reason: admission.details }, 'a stream was refused');
        return stream.refuse(admission.refusal, admission.details);
      }
      if (!limit.allows(keyText(keyOf(admission.peer.identity)))) {
        return stream.refuse('rate-exceeded', 'too many streams one after the other; wait before dialling again');
      }
      this.#listen(stream, admission.peer);
    } catch (error) {
      logger.error({ err: error, kind }, 'a stream could not be taken');
      stream.refuse('plane-busy', 'the plane cannot look up the certificate now');
    }
  }

  /** The session begins with the first word: a hello says more of an agent than its certificate does. */
  #listen(stream: AgentStream, peer: Peer): void {
    const silence = setTimeout(() => stream.refuse('request-invalid', 'nothing was said'), this.parts.firstWordMs);
    void stream.over.then(() => clearTimeout(silence));
    let opening: Promise<LiveAgent | undefined> | undefined;
    stream.listen(async (envelope) => {
      clearTimeout(silence);
      opening ??= this.#open(stream, peer, envelope);
      const agent = await opening;
      if (agent === undefined) return;
      const answer = await answerReport(this.parts, agent, envelope);
      if (answer !== undefined) stream.send(answer);
    });
  }

  async #open(stream: AgentStream, peer: Peer, first: Envelope): Promise<LiveAgent | undefined> {
    try {
      return await this.parts.hub.open(peer, stream, introductionIn(first));
    } catch (error) {
      this.parts.logger.error({ err: error, ...peer.identity }, 'a session could not be opened');
      stream.refuse('plane-busy', 'the plane cannot write the session down now');
      return undefined;
    }
  }
}

/** Older agents introduce themselves with nothing. */
function introductionIn(first: Envelope): Introduction {
  const read = first.type === AgentHello.type ? readReport(first) : undefined;
  if (read?.kind !== 'report' || read.type !== 'AgentHello')
    return { version: null, capabilities: [], clusterUid: null };
  const { version, capabilities, clusterUid = null } = read.body;
  return { version, capabilities, clusterUid };
}
