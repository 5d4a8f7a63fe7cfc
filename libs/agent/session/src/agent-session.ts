import type { Client, ServiceError } from '@grpc/grpc-js';
import {
  AgentHello,
  heartbeatIntervalMs,
  heartbeatReplyTimeoutMs,
  refusalCodeOf,
  type ReplyOf,
  type Report,
} from '@runos/agent-protocol';
import { type Backoff, exponentialBackoff } from '@runos/engine';
import { type Clock, systemClock, systemRandom, unavailable } from '@runos/kernel';
import { createSigningRequest, type SigningRequest } from '@runos/pki';
import {
  type AgentCredentials,
  certificateFacts,
  CredentialProvider,
  msUntilRenewal,
} from './credentials/agent-credentials.js';
import { ReportSender } from './outbox/report-sender.js';
import { register, renewCertificate } from './registration/register.js';
import type { PostOptions, SessionOptions, SessionTiming } from './session-options.js';
import { AgentStream, reactionTo, type RefusalReaction, type StreamEnd } from './stream/agent-stream.js';
import { clockProblem, isTimeError, serverTime } from './stream/server-time.js';
import { dialStreamPort, openAgentStream, rejectsCertificate, verifyCredentials } from './stream/dial.js';

const defaultTiming: SessionTiming = {
  heartbeatMs: heartbeatIntervalMs,
  heartbeatReplyTimeoutMs,
  redialFirstMs: 500,
  redialMaxMs: 15_000,
  waitForChangeMs: 60_000,
  backoffResetMs: 30_000,
};

/** The certificate is checked at least this often. */
const renewalCheckMs = 6 * 60 * 60 * 1_000;
const renewalRetryMs = 60_000;
/** After this many failures in a row a new registration does not help either. */
const registrationAttempts = 2;

/** Keeps one stream to the plane open until it is stopped. It dials again with back-off and jitter after every end. */
export class AgentSession {
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #timing: SessionTiming;
  readonly #backoff: Backoff;
  readonly #credentials: CredentialProvider;
  readonly #sender: ReportSender;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  /** Aborts the current stream, or the delay before the next one. */
  #redial = new AbortController();
  #stream: AgentStream | undefined;
  #signing: SigningRequest | undefined;
  #failures = 0;

  /** Starts at once; `stop` ends it. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timing = { ...defaultTiming, ...options.timing };
    const { redialFirstMs: firstMs, redialMaxMs: maxMs } = this.#timing;
    this.#backoff = exponentialBackoff({ firstMs, maxMs }, options.random ?? systemRandom);
    this.#sender = new ReportSender(this.#backoff, this.#clock, options.logger);
    this.#credentials = new CredentialProvider({
      store: options.store,
      token: options.token,
      register: (token) => this.#register(token),
      now: () => this.#clock.now(),
    });
    this.#running = this.#run();
  }

  /** Whether a stream is open here. A half-open one counts until a heartbeat fails. */
  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  /** @throws Fault `unavailable` without a stream or a reply in time; Error when the reply is an error */
  async request<R extends Report>(report: R, body: unknown, timeoutMs?: number): Promise<ReplyOf<R>> {
    if (this.#stream === undefined) throw unavailable(`${report.type} was not sent: not connected to the plane`);
    return this.#stream.request(report, body, timeoutMs);
  }

  /**
   * Sends a message until the plane acknowledges it, over several streams if necessary. A newer message about the same
   * resource replaces it; `acknowledged` is not called for a replaced message.
   */
  post(resource: string, report: Report, body: unknown, options: PostOptions = {}): void {
    this.#sender.post({ resource, report, body, final: false, ...options });
  }

  /** The number of resources with a message that the plane has not acknowledged. */
  get unacknowledged(): number {
    return this.#sender.size;
  }

  /**
   * Renews the certificate now and dials again with it. It is saved before its first use, because the plane revokes the
   * old one after that. The old one is restored only if the plane refuses the new one.
   */
  async renew(): Promise<void> {
    const { store, server, logger } = this.#options;
    const current = await store.load();
    if (current === undefined) throw unavailable('there is no certificate to renew');
    const renewed = await renewCertificate(server, current, this.#stopping.signal);
    await store.save(renewed);
    try {
      await verifyCredentials(server, renewed, this.#stopping.signal);
    } catch (error) {
      if (rejectsCertificate(error)) await store.save(current);
      throw error;
    }
    logger.info({ expires: certificateFacts(renewed.certificate).notAfter }, 'certificate renewed');
    this.#failures = 0;
    this.redial('the certificate was renewed');
  }

  /** Closes the stream, if there is one, and dials at once. */
  redial(reason: string): void {
    this.#stream?.end(reason);
    this.#redial.abort();
  }

  /** Resolves when the stream is closed and nothing is sent any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.redial('the agent is stopping');
    await this.#running;
    await this.#sender.stop();
  }

  /** Every attempt uses the same key, because the answer to an earlier one may have been lost on the way. */
  async #register(token: string): Promise<AgentCredentials> {
    this.#signing ??= await createSigningRequest();
    const { server, trust } = this.#options;
    return register(this.#options, token, server, trust, this.#signing, this.#stopping.signal);
  }

  async #run(): Promise<void> {
    const { logger } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      const end = await this.#connectOnce();
      if (this.#stopping.signal.aborted) return;
      const isReset = performance.now() - startedAt >= this.#timing.backoffResetMs;
      this.#failures = isReset ? 1 : this.#failures + 1;
      const reaction = reactionTo(end.refusal);
      const delayMs = this.#delayMs(reaction);
      const problem = await this.#withCause(end.problem);
      logger.warn({ ...end, problem, reaction, delayMs }, 'not connected to the plane');
      await this.#delay(delayMs);
    }
  }

  /** Names the clock of this machine when TLS failed because of it. */
  async #withCause(problem: string): Promise<string> {
    if (!isTimeError(problem)) return problem;
    const time = await serverTime(this.#options.server, this.#stopping.signal);
    const cause = time && clockProblem(this.#clock.now(), time);
    return cause === undefined ? problem : `${cause} (${problem})`;
  }

  #delayMs(reaction: RefusalReaction): number {
    const delayMs = this.#backoff(this.#failures);
    if (reaction === 'wait-for-other') return this.#timing.waitForChangeMs / 4 + delayMs;
    const hasRegistrationFailed = reaction === 'register-again' && this.#failures > registrationAttempts;
    const needsUser = reaction === 'wait-for-change' || hasRegistrationFailed;
    return needsUser ? this.#timing.waitForChangeMs / 2 + delayMs : delayMs;
  }

  async #delay(ms: number): Promise<void> {
    this.#redial = new AbortController();
    if (!this.#stopping.signal.aborted) await this.#clock.sleep(ms, this.#redial.signal);
  }

  /** Opens one stream and resolves when it has ended. Never throws. */
  async #connectOnce(): Promise<StreamEnd> {
    let client: Client | undefined;
    try {
      const credentials = await this.#credentials.credentials();
      client = dialStreamPort(this.#options.server, credentials);
      const end = await this.#hold(client, credentials);
      if (reactionTo(end.refusal) === 'register-again') this.#credentials.rejectCertificate(credentials.certificate);
      return end;
    } catch (error) {
      const { details, message, metadata } = error as Partial<ServiceError> & Error;
      const refusal = refusalCodeOf(metadata);
      if (refusal === 'registration-refused') this.#credentials.rejectToken();
      return { problem: details ?? message, refusal };
    } finally {
      client?.close();
    }
  }

  async #hold(client: Client, credentials: AgentCredentials): Promise<StreamEnd> {
    const { kind, handlers = {}, logger, onDisconnected } = this.#options;
    const call = openAgentStream(client, kind);
    const stream = new AgentStream(call, { handlers, clock: this.#clock, logger });
    if (this.#stopping.signal.aborted) stream.end('the agent is stopping');
    this.#redial = new AbortController();
    this.#redial.signal.addEventListener('abort', () => stream.end('redial requested'), { once: true });
    if (!(await this.#sendHello(stream, credentials))) return stream.ended;
    await Promise.all([this.#sendHeartbeats(stream), this.#renewInTime(stream, credentials)]);
    this.#stream = undefined;
    this.#sender.disconnect();
    const end = await stream.ended;
    onDisconnected?.(end.problem);
    return end;
  }

  async #sendHello(stream: AgentStream, { certificate }: AgentCredentials): Promise<boolean> {
    const { hello, logger, onConnected } = this.#options;
    try {
      const reply = await stream.request(AgentHello, await hello());
      const { identity, notAfter } = certificateFacts(certificate);
      const wrongClock = stream.serverTime && clockProblem(this.#clock.now(), stream.serverTime);
      if (wrongClock !== undefined) logger.warn(wrongClock);
      logger.info({ identity, certificateExpires: notAfter }, 'connected to the plane');
      this.#stream = stream;
      this.#sender.connect(stream);
      onConnected?.(reply);
      return true;
    } catch (error) {
      stream.end((error as Error).message);
      return false;
    }
  }

  async #sendHeartbeats(stream: AgentStream): Promise<void> {
    while (!stream.closed.aborted) {
      try {
        const { report, body } = await this.#options.heartbeat();
        await stream.exchange(report, body, this.#timing.heartbeatReplyTimeoutMs);
      } catch (error) {
        stream.end((error as Error).message);
      }
      await this.#clock.sleep(this.#timing.heartbeatMs, stream.closed);
    }
  }

  async #renewInTime(stream: AgentStream, { certificate }: AgentCredentials): Promise<void> {
    for (let failures = 0; !stream.closed.aborted;) {
      const renewInMs = msUntilRenewal(certificate, this.#clock.now());
      const retryMs = failures === 0 ? 0 : renewalRetryMs * 2 ** failures;
      await this.#clock.sleep(Math.min(Math.max(renewInMs, retryMs), renewalCheckMs), stream.closed);
      if (stream.closed.aborted || msUntilRenewal(certificate, this.#clock.now()) > 0) continue;
      try {
        await this.renew();
      } catch (error) {
        failures += 1;
        this.#options.logger.error({ err: error }, 'the certificate could not be renewed; the agent retries later');
      }
    }
  }
}
