import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Injectable } from '@nestjs/common';
import { AgentHello, type AgentKind, type Envelope, readReport } from '@runos/agent-protocol';
import { AgentLog } from '../agents/agent-log.js';
import { type AgentInfo, keyOf, keyText } from '../agents/agent-repository.js';
import { type AgentPeer, CertificateAuthenticator } from '../certificates/certificate-authenticator.js';
import { CallRefusal } from '../grpc/call-refusal.js';
import { RateLimiter } from '../grpc/rate-limiter.js';
import { ReportDispatcher } from '../reports/report-dispatcher.js';
import { SessionRegistry } from '../sessions/session-registry.js';
import { MessagesInFlight } from './messages-in-flight.js';
import { ServerStream } from './server-stream.js';
import type { ConnectedAgent } from './connected-agent.js';

/** Each stream costs a lookup and several rows. Agents wait at least a second before they dial again. */
const streamRate = { calls: 1, periodSeconds: 1, burst: 29 };
const messageRate = { calls: 500, periodSeconds: 1, burst: 500 };
/** The statuses of 1,000 instances have about 5 MB, which an agent sends at once after a reconnect. */
const byteRate = { calls: 2 * 1024 * 1024, periodSeconds: 1, burst: 16 * 1024 * 1024 };
/** A stream without a message for this long after its start is closed, ms. */
const firstMessageTimeoutMs = 15_000;

/** Authenticates a stream, opens its session with the first message, and dispatches all messages. */
@Injectable()
export class AgentStreamHandler {
  readonly #streamLimiter = new RateLimiter(streamRate);
  readonly #budget = {
    messages: new RateLimiter(messageRate),
    bytes: new RateLimiter(byteRate),
    inFlight: new MessagesInFlight(),
  };

  constructor(
    private readonly authenticator: CertificateAuthenticator,
    private readonly registry: SessionRegistry,
    private readonly dispatcher: ReportDispatcher,
    private readonly log: AgentLog,
  ) {}

  /** Never throws: an error closes the stream with a code. */
  async open(call: ServerDuplexStream<Envelope, Envelope>, kind: AgentKind): Promise<void> {
    const stream = new ServerStream(call);
    try {
      const peer = await this.authenticator.authenticate(call, kind);
      const key = keyText(keyOf(peer.identity));
      if (!(await this.#streamLimiter.allows(key)))
        return stream.refuse('rate-exceeded', 'too many streams in a short time; wait before dialing again');
      this.#receive(stream, peer, key);
    } catch (error) {
      if (error instanceof CallRefusal) {
        this.log.writeUnknown('warn', { kind, from: call.getPeer(), reason: error.message }, 'agent stream refused');
        return stream.refuse(error.code, error.message);
      }
      this.log.writeUnknown('error', { err: error, kind }, 'agent stream failed');
      stream.refuse('plane-busy', 'the certificate cannot be looked up now');
    }
  }

  /** The session opens with the first message, because a hello contains more about the agent than its certificate. */
  #receive(stream: ServerStream, peer: AgentPeer, key: string): void {
    const timer = setTimeout(
      () => stream.refuse('request-invalid', 'the agent sent no first message in time'),
      firstMessageTimeoutMs,
    );
    void stream.closed.then(() => clearTimeout(timer));
    let opening: Promise<ConnectedAgent | undefined> | undefined;
    let connected: ConnectedAgent | undefined;
    const handle = async (envelope: Envelope): Promise<void> => {
      clearTimeout(timer);
      opening ??= this.#openSession(stream, peer, envelope);
      const agent = (connected = await opening);
      if (agent === undefined) return;
      const reply = await this.dispatcher.dispatch(agent, envelope);
      if (reply !== undefined) stream.send(reply);
    };
    const isAwaited = (envelope: Envelope) => connected?.isAwaited(envelope) ?? false;
    stream.onEnvelope({ handle, isAwaited }, this.#budget, key);
  }

  async #openSession(stream: ServerStream, peer: AgentPeer, first: Envelope): Promise<ConnectedAgent | undefined> {
    try {
      return await this.registry.open(peer, stream, agentInfoOf(first));
    } catch (error) {
      this.log.write(peer.identity, 'error', { err: error }, 'opening a session failed');
      stream.refuse('plane-busy', 'the session cannot be written now');
      return undefined;
    }
  }
}

/** Older agents send no hello. */
function agentInfoOf(first: Envelope): AgentInfo {
  const unreported = { kubernetesStatus: null, roles: null, problems: null };
  const read = first.type === AgentHello.type ? readReport(first) : undefined;
  if (read?.kind !== 'report' || read.type !== 'AgentHello')
    return { version: null, capabilities: [], clusterUid: null, ...unreported };
  const { version, capabilities, clusterUid = null } = read.body;
  return { version, capabilities, clusterUid, ...unreported };
}
