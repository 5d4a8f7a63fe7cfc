import { jetstream } from '@nats-io/jetstream';
import { NoRespondersError, RequestError, type Msg, TimeoutError } from '@nats-io/transport-node';
import {
  type Actor,
  type EventContract,
  type RequestContract,
  type Scope,
  type ServiceName,
  storedMessage,
  type StoredMessage,
} from '@runos/contracts';
import { Fault, faultOf, unavailable } from '@runos/kernel';
import { durations, inSpan, SpanKind } from '@runos/observability';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { currentCall, remainingMs, systemActor } from './call-context.js';
import { nextEventLoopTurn } from './next-event-loop-turn.js';
import { firstReply } from './first-reply.js';
import type { NatsConnector } from './nats-connector.js';
import { decode, encode, faultFrom, header, headersOf, toNats } from './wire.js';

export interface RequestOptions {
  /** Whose behalf it is on; otherwise that of the call being answered, or this service itself. */
  readonly actor?: Actor;
  /** Shorter than the contract's, if anything; the rest of the call being answered bounds it too. */
  readonly deadlineMs?: number;
}

/** A request about one account must say which. */
export type RequestArguments<S extends Scope> = S extends 'tenant'
  ? [options: RequestOptions & { readonly tenant: string }]
  : [options?: RequestOptions & { readonly tenant?: string }];

export interface PublishOptions {
  readonly tenant?: string;
  readonly actor?: Actor;
}

/** An idempotent request that is not answered is sent again this often: another replica may get it. */
const repeatMs = 700;
/** A connection that blinks is waited for this long; longer is an outage and fails fast. */
const blinkMs = 300;
/** Nobody answers: perhaps its one replica is just being replaced. */
const nobodyPauseMs = 100;
/** An event is acknowledged by its stream within this time or counts as not sent. */
const storeMs = 5_000;

class LostConnection extends Error {}

const duration = durations('rpc_client_call_duration_seconds');

/** Asks other services and tells them what happened, by contract. */
export class Bus {
  constructor(
    readonly service: ServiceName,
    readonly connector: NatsConnector,
    private readonly checkAnswers = false,
  ) {}

  /** @throws Fault: the one the other service answered; `unavailable` when none came in time */
  async request<In extends z.ZodType, Out extends z.ZodType, S extends Scope>(
    contract: RequestContract<In, Out, S>,
    input: z.input<In>,
    ...options: RequestArguments<S>
  ): Promise<z.output<Out>> {
    const answer = decode(await this.requestBytes(contract, input, ...options));
    return (this.checkAnswers ? contract.output.parse(answer) : answer) as z.output<Out>;
  }

  /** As `ask`, but the answer as its JSON bytes, to be passed on unread. */
  async requestBytes<In extends z.ZodType, Out extends z.ZodType, S extends Scope>(
    contract: RequestContract<In, Out, S>,
    input: z.input<In>,
    ...[options = {}]: RequestArguments<S>
  ): Promise<Uint8Array> {
    if (!contract.callers.includes(this.service)) throw new Error(`${this.service} may not ask ${contract.subject}`);
    const call = currentCall();
    const { tenant, actor = call?.actor ?? systemActor(this.service), deadlineMs = contract.deadlineMs } = options;
    const end = performance.now() + Math.min(deadlineMs, remainingMs(call));
    const started = performance.now();
    let outcome = 'ok';
    return inSpan(`ask ${contract.subject}`, { kind: SpanKind.CLIENT }, async () => {
      try {
        const reply = await this.#request(contract, encode(input), { tenant, actor }, end);
        if (reply.headers?.has(header.fault)) throw faultFrom(reply.data);
        return reply.data;
      } catch (error) {
        outcome = faultOf(error)?.code ?? 'internal';
        throw error;
      } finally {
        duration.record(performance.now() - started, { rpc_method: contract.subject, outcome });
      }
    });
  }

  /** Tells who listens now, or for a stored event: resolves when its stream has it. @throws Fault `unavailable` */
  async publish<Body extends z.ZodType>(
    contract: EventContract<Body>,
    body: z.input<Body>,
    { tenant = currentCall()?.tenant, actor = currentCall()?.actor }: PublishOptions = {},
  ): Promise<void> {
    if (contract.owner !== this.service) throw new Error(`${this.service} may not publish ${contract.subject}`);
    const headers = headersOf({ tenant, actor });
    if (contract.delivery === 'at-least-once') return this.publishStored([storedMessage(contract, body, headers)]);
    const connection = await this.connector.ready(blinkMs);
    connection.publish(contract.subject, encode(body), { headers: toNats(headers) });
  }

  /** Calls `listener` after the first connection and after each that follows a loss. */
  onConnect(listener: () => void): () => void {
    return this.connector.onConnect(listener);
  }

  /** Hands stored events to their streams in this order; resolves when they have all of them. Repeating is harmless. */
  async publishStored(messages: readonly StoredMessage[]): Promise<void> {
    const stream = jetstream(await this.connector.ready(blinkMs));
    const sent = messages.map(({ id, subject, body, headers }) =>
      stream.publish(subject, encode(body), { msgID: id, headers: toNats(headers), timeout: storeMs, retries: 1 }),
    );
    const outcomes = await Promise.allSettled(sent);
    const lost = outcomes.find((outcome) => outcome.status === 'rejected');
    if (lost !== undefined) throw unavailable('An event could not be stored.', 2, lost.reason);
  }

  /** An idempotent request is repeated while it is unanswered: one stuck replica must not use up the deadline. */
  async #request(contract: RequestContract, body: Uint8Array, who: PublishOptions, end: number): Promise<Msg> {
    const id = randomUUID();
    const tryOnce = () => this.#tryOnce(contract, body, { ...who, id }, end);
    try {
      return await (contract.idempotent ? firstReply(tryOnce, repeatMs, end) : tryOnce());
    } catch (error) {
      throw this.#failure(contract, error);
    }
  }

  async #tryOnce(
    contract: RequestContract,
    body: Uint8Array,
    { id, ...who }: PublishOptions & { readonly id: string },
    end: number,
  ): Promise<Msg> {
    for (let attempt = 1; ; attempt += 1) {
      await nextEventLoopTurn();
      const timeout = Math.floor(end - performance.now());
      if (timeout < 1) throw new TimeoutError();
      const connection = await this.connector.ready(Math.min(blinkMs, timeout));
      const headers = toNats({ ...headersOf({ ...who, deadlineMs: timeout }), [header.request]: id });
      try {
        return await this.#orLost(connection.request(contract.subject, body, { timeout, headers }));
      } catch (error) {
        if (attempt > 1 || !mayTryAgain(contract, error)) throw error;
        const pause = isNoResponders(error) ? nobodyPauseMs : 0;
        await new Promise((resolve) => setTimeout(resolve, Math.min(pause, end - performance.now())));
      }
    }
  }

  /** A connection that is lost takes the answer with it: no reason to wait for the deadline. */
  #orLost(reply: Promise<Msg>): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const forget = this.connector.onLoss(() => reject(new LostConnection('the connection was lost')));
      reply.then(resolve, reject).finally(forget);
    });
  }

  #failure({ owner, subject }: RequestContract, error: unknown): Fault {
    if (error instanceof Fault) return error;
    if (isNoResponders(error)) return unavailable(`${owner} is not running; try again shortly.`, 2, error);
    if (error instanceof TimeoutError) {
      return unavailable(`${owner} did not answer in time; try again shortly.`, 2, error);
    }
    if (isTooLarge(error)) return new Fault('request.too_large', `The request to ${owner} is too large.`);
    return unavailable(`${owner} could not be asked (${subject}); try again shortly.`, 2, error);
  }
}

/** A stored event for an outbox, with tenant, actor and the trace of the work that causes it. */
export const eventMessage = <Body extends z.ZodType>(
  contract: EventContract<Body>,
  body: z.input<Body>,
  { tenant = currentCall()?.tenant, actor = currentCall()?.actor }: PublishOptions = {},
): StoredMessage => storedMessage(contract, body, headersOf({ tenant, actor }));

/** Nobody got it, or it may be done twice and only the answer is lost. */
const mayTryAgain = (contract: RequestContract, error: unknown): boolean =>
  isNoResponders(error) || (contract.idempotent && error instanceof LostConnection);

/** No service listens there: so nobody has begun anything. */
export const isNoResponders = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());

const isTooLarge = (error: unknown): boolean => error instanceof Error && error.message.includes('max_payload');
