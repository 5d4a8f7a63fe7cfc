import {
  AgentHello,
  heartbeatAnswerMs,
  heartbeatIntervalMs,
  refusalOf,
  type ReplyOf,
  type Report,
} from '@runos/agent-protocol';
import { type Backoff, exponentialBackoff } from '@runos/engine';
import { type Clock, systemClock, systemRandom, unavailable } from '@runos/kernel';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { type AgentCredentials, certificateFacts } from './credentials/agent-credentials.js';
import { Enrolment } from './credentials/enrolment.js';
import { renewalDueIn } from './credentials/renewal-due.js';
import { renew } from './credentials/renew.js';
import { Outbox } from './outbox/outbox.js';
import { Postman } from './outbox/postman.js';
import { register } from './registration/register.js';
import type { SessionTiming, PostOptions, SessionOptions } from './session-options.js';
import { dial, openAgentStream } from './stream/dial.js';
import { LiveStream, type StreamEnd } from './stream/live-stream.js';
import { type Reaction, reactionTo } from './stream/reaction.js';

const defaultTiming: SessionTiming = {
  heartbeatMs: heartbeatIntervalMs,
  heartbeatAnswerMs,
  redialFirstMs: 500,
  redialMaxMs: 15_000,
  waitForChangeMs: 60_000,
  steadyMs: 30_000,
};

/** Certificates are looked at again at least this often, however far away their renewal is. */
const renewalCheckMs = 6 * 60 * 60 * 1_000;

/** Holds one agent's stream to the plane, for ever: whatever happens it dials again, never at once, never in step. */
export class AgentSession {
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #timing: SessionTiming;
  readonly #backoff: Backoff;
  readonly #enrolment: Enrolment;
  readonly #stopping = new AbortController();
  readonly #postman: Postman;
  readonly #running: Promise<void>;
  #nap = new AbortController();
  #stream: LiveStream | undefined;
  #failures = 0;

  /** Starts at once; `stop` ends it. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timing = { ...defaultTiming, ...options.timing };
    const { redialFirstMs: firstMs, redialMaxMs: maxMs } = this.#timing;
    this.#backoff = exponentialBackoff({ firstMs, maxMs }, options.random ?? systemRandom);
    this.#postman = new Postman(new Outbox(), this.#backoff, this.#clock, options.logger);
    this.#enrolment = new Enrolment({
      store: options.store,
      token: options.token,
      register: (token) => register(options, token, options.server, options.trust, this.#stopping.signal),
      now: () => this.#clock.now(),
    });
    this.#running = this.#run();
  }

  get connected(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Asks the plane and awaits its answer.
   * @throws Fault `unavailable` without a stream or an answer in time; Error when the plane says no.
   */
  async request<R extends Report>(report: R, body: unknown, deadlineMs?: number): Promise<ReplyOf<R>> {
    if (this.#stream === undefined) throw unavailable(`${report.type} was not sent: not connected to the plane`);
    return this.#stream.ask(report, body, deadlineMs);
  }

  /**
   * Says it until the plane has acknowledged it, over any number of streams; newer word about the same replaces it.
   * `acknowledged` is called once that has happened, and never for a word that was replaced.
   */
  post(about: string, report: Report, body: unknown, more: PostOptions = {}): void {
    this.#postman.post({ about, report, body, final: false, ...more });
  }

  /** How many posted messages the plane has not acknowledged yet. */
  get unacknowledged(): number {
    return this.#postman.size;
  }

  /** Renews the certificate now, and dials again with it. */
  async renew(): Promise<void> {
    const current = await this.#options.store.load();
    if (current === undefined) throw unavailable('there is no certificate to renew');
    const renewed = await renew(this.#options.server, current, this.#stopping.signal);
    await this.#options.store.save(renewed);
    this.#options.logger.info({ expires: certificateFacts(renewed.certificate).notAfter }, 'certificate renewed');
    this.#failures = 0;
    this.redial('the certificate was renewed');
  }

  /** Leaves the stream, if there is one, and dials at once. */
  redial(reason: string): void {
    this.#stream?.end(reason);
    this.#nap.abort();
  }

  /** Resolves when the stream is closed and nothing will be said any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.redial('the agent is stopping');
    await this.#running;
    await this.#postman.stop();
  }

  async #run(): Promise<void> {
    const { logger } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      const end = await this.#once();
      if (this.#stopping.signal.aborted) return;
      this.#failures = performance.now() - startedAt >= this.#timing.steadyMs ? 1 : this.#failures + 1;
      const reaction = reactionTo(end.refusal);
      const waitMs = this.#waitMs(reaction);
      logger.warn({ ...end, reaction, waitMs }, 'not connected to the plane');
      await this.#sleep(waitMs);
    }
  }

  #waitMs(reaction: Reaction): number {
    const waitMs = this.#backoff(this.#failures);
    // A re-enrolment is tried soon; if nothing came of it, only a person can help.
    const patient = reaction === 'wait-for-change' || (reaction === 're-enrol' && this.#failures > 2);
    return patient ? this.#timing.waitForChangeMs / 2 + waitMs : waitMs;
  }

  async #sleep(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (!this.#stopping.signal.aborted) await this.#clock.sleep(ms, this.#nap.signal);
  }

  /** One life of a stream, from the credentials to its end. Never throws. */
  async #once(): Promise<StreamEnd> {
    let client: Client | undefined;
    let credentials: AgentCredentials | undefined;
    try {
      credentials = await this.#enrolment.credentials();
      client = dial(this.#options.server, credentials);
      const end = await this.#live(client, credentials);
      if (reactionTo(end.refusal) === 're-enrol') this.#enrolment.certificateRefused(credentials.certificate);
      return end;
    } catch (error) {
      const { details, message, metadata } = error as Partial<ServiceError> & Error;
      const refusal = refusalOf(metadata);
      if (refusal === 'registration-refused') this.#enrolment.tokenRefused();
      return { problem: details ?? message, refusal };
    } finally {
      client?.close();
    }
  }

  async #live(client: Client, credentials: AgentCredentials): Promise<StreamEnd> {
    const { kind, handlers = {}, logger } = this.#options;
    const call = openAgentStream(client, kind);
    const stream = new LiveStream(call, { handlers, clock: this.#clock, logger });
    if (this.#stopping.signal.aborted) stream.end('the agent is stopping');
    this.#nap = new AbortController();
    this.#nap.signal.addEventListener('abort', () => stream.end('told to dial again'), { once: true });
    if (!(await this.#greet(stream, credentials))) return stream.ended;
    await Promise.all([this.#beat(stream), this.#keepFresh(stream, credentials)]);
    this.#stream = undefined;
    this.#postman.offline();
    const end = await stream.ended;
    this.#options.onDisconnected?.(end.problem);
    return end;
  }

  async #greet(stream: LiveStream, { certificate }: AgentCredentials): Promise<boolean> {
    try {
      const answer = await stream.ask(AgentHello, await this.#options.hello());
      const { identity, notAfter } = certificateFacts(certificate);
      this.#options.logger.info({ identity, certificateExpires: notAfter }, 'connected to the plane');
      this.#stream = stream;
      this.#postman.online(stream);
      this.#options.onConnected?.(answer);
      return true;
    } catch (error) {
      stream.end((error as Error).message);
      return false;
    }
  }

  async #beat(stream: LiveStream): Promise<void> {
    while (!stream.over.aborted) {
      try {
        const { report, body } = await this.#options.heartbeat();
        await stream.exchange(report, body, this.#timing.heartbeatAnswerMs);
      } catch (error) {
        stream.end((error as Error).message);
      }
      await this.#clock.sleep(this.#timing.heartbeatMs, stream.over);
    }
  }

  async #keepFresh(stream: LiveStream, { certificate }: AgentCredentials): Promise<void> {
    for (let failures = 0; !stream.over.aborted;) {
      const dueMs = renewalDueIn(certificate, this.#clock.now());
      const retryMs = failures === 0 ? 0 : Math.min(60_000 * 2 ** failures, renewalCheckMs);
      await this.#clock.sleep(Math.min(Math.max(dueMs, retryMs), renewalCheckMs), stream.over);
      if (stream.over.aborted || renewalDueIn(certificate, this.#clock.now()) > 0) continue;
      try {
        await this.renew();
      } catch (error) {
        failures += 1;
        this.#options.logger.error({ err: error }, 'the certificate could not be renewed; trying again later');
      }
    }
  }
}
