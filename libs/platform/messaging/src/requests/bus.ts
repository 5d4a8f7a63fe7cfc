import { jetstream } from '@nats-io/jetstream';
import { type Msg, type NatsConnection, NoRespondersError, RequestError, TimeoutError } from '@nats-io/transport-node';
import type { NatsConfig } from '@runos/config';
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
import { nextEventLoopTick } from './request-server.js';
import { firstReply } from './first-reply.js';
import { ReplyInbox } from './reply-inbox.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import { decode, encode, faultFrom, header, headersOf, toNats } from '../connection/wire.js';

export interface RequestOptions {
  /** The actor; default that of the current call, or this service. */
  readonly actor?: Actor;
  /** Replaces the contract's deadline; the remaining deadline of the current call applies too. */
  readonly deadlineMs?: number;
}

/** A tenant-scoped request requires its tenant. */
export type RequestArguments<S extends Scope> = S extends 'tenant'
  ? [options: RequestOptions & { readonly tenant: string }]
  : [options?: RequestOptions & { readonly tenant?: string }];

export interface PublishOptions {
  readonly tenant?: string;
  readonly actor?: Actor;
}

/** An idempotent request without a reply is repeated at this interval, ms: another replica may receive it. */
const repeatMs = 700;
/** How long a request waits for a reconnect, ms; a longer outage fails fast. */
const reconnectGraceMs = 300;
/** Pause before a retry without responders, ms: the only replica may be restarting. */
const noRespondersPauseMs = 100;
/** Timeout for the stream's acknowledgement of an event, ms. */
const publishTimeoutMs = 5_000;

export type BusOptions = Partial<Pick<NatsConfig, 'checkReplies' | 'minRequestDeadlineMs'>>;

class LostConnection extends Error {}

const duration = durations('rpc_client_call_duration_seconds');

/** Sends requests to other services and publishes events, by contract. */
export class Bus {
  #replies: ReplyInbox | undefined;

  constructor(
    readonly service: ServiceName,
    readonly connector: NatsConnector,
    private readonly options: BusOptions = {},
  ) {}

  /** @throws Fault: the fault of the other service; `unavailable` without a reply before the deadline */
  async request<In extends z.ZodType, Out extends z.ZodType, S extends Scope>(
    contract: RequestContract<In, Out, S>,
    input: z.input<In>,
    ...options: RequestArguments<S>
  ): Promise<z.output<Out>> {
    const reply = decode(await this.requestBytes(contract, input, ...options));
    return (this.options.checkReplies ? contract.output.parse(reply) : reply) as z.output<Out>;
  }

  /** As `request`, but returns the reply as JSON bytes, to forward without parsing. */
  async requestBytes<In extends z.ZodType, Out extends z.ZodType, S extends Scope>(
    contract: RequestContract<In, Out, S>,
    input: z.input<In>,
    ...[options = {}]: RequestArguments<S>
  ): Promise<Uint8Array> {
    if (!contract.callers.includes(this.service))
      throw new Error(`${this.service} may not request ${contract.subject}`);
    const call = currentCall();
    const { tenant, actor = call?.actor ?? systemActor(this.service) } = options;
    const deadlineMs = options.deadlineMs ?? Math.max(contract.deadlineMs, this.options.minRequestDeadlineMs ?? 0);
    const end = performance.now() + Math.min(deadlineMs, remainingMs(call));
    const started = performance.now();
    let outcome = 'ok';
    return inSpan(`request ${contract.subject}`, { kind: SpanKind.CLIENT }, async () => {
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

  /** Publishes an event; an at-least-once event resolves when its stream has stored it. @throws Fault `unavailable` */
  async publish<Body extends z.ZodType>(
    contract: EventContract<Body>,
    body: z.input<Body>,
    { tenant = currentCall()?.tenant, actor = currentCall()?.actor }: PublishOptions = {},
  ): Promise<void> {
    if (contract.owner !== this.service) throw new Error(`${this.service} may not publish ${contract.subject}`);
    const headers = headersOf({ tenant, actor });
    if (contract.delivery === 'at-least-once') return this.publishStored([storedMessage(contract, body, headers)]);
    const connection = await this.connector.ready(reconnectGraceMs);
    connection.publish(contract.subject, encode(body), { headers: toNats(headers) });
  }

  /** Calls `listener` after the first connection and after each that follows a loss. */
  onConnect(listener: () => void): () => void {
    return this.connector.onConnect(listener);
  }

  /** Publishes events to their streams in this order; resolves when all are stored. Duplicates are dropped by id. */
  async publishStored(messages: readonly StoredMessage[]): Promise<void> {
    const stream = jetstream(await this.connector.ready(reconnectGraceMs));
    const publications = messages.map(({ id, subject, body, headers }) =>
      stream.publish(subject, encode(body), {
        msgID: id,
        headers: toNats(headers),
        timeout: publishTimeoutMs,
        retries: 1,
      }),
    );
    const outcomes = await Promise.allSettled(publications);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw unavailable('An event could not be stored.', 2, failed.reason);
  }

  /** Repeats an idempotent request until a reply arrives, so that one stuck replica does not use up the deadline. */
  async #request(contract: RequestContract, body: Uint8Array, context: PublishOptions, end: number): Promise<Msg> {
    const id = randomUUID();
    const attempt = () => this.#attempt(contract, body, { ...context, id }, end);
    try {
      return await (contract.idempotent ? firstReply(attempt, repeatMs, end) : attempt());
    } catch (error) {
      throw this.#failure(contract, error);
    }
  }

  async #attempt(
    contract: RequestContract,
    body: Uint8Array,
    { id, ...context }: PublishOptions & { readonly id: string },
    end: number,
  ): Promise<Msg> {
    for (let attempt = 1; ; attempt += 1) {
      await nextEventLoopTick();
      const timeout = Math.floor(end - performance.now());
      if (timeout < 1) throw new TimeoutError();
      const connection = await this.connector.ready(Math.min(reconnectGraceMs, timeout));
      const headers = toNats({ ...headersOf({ ...context, deadlineMs: timeout }), [header.request]: id });
      try {
        return await this.#untilLost(this.#inbox(connection).request(contract.subject, body, { timeout, headers }));
      } catch (error) {
        if (attempt > 1 || !mayRetry(contract, error)) throw error;
        const pauseMs = isNoResponders(error) ? noRespondersPauseMs : 0;
        await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, end - performance.now())));
      }
    }
  }

  /** One for the process, because its connection survives reconnects. */
  #inbox(connection: NatsConnection): ReplyInbox {
    return (this.#replies ??= new ReplyInbox(connection, this.service));
  }

  /** A lost connection loses the reply, so the request fails without waiting for its deadline. */
  #untilLost(reply: Promise<Msg>): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const unsubscribe = this.connector.onLoss(() => reject(new LostConnection('the connection was lost')));
      reply.then(resolve, reject).finally(unsubscribe);
    });
  }

  #failure({ owner, subject }: RequestContract, error: unknown): Fault {
    if (error instanceof Fault) return error;
    if (isNoResponders(error)) return unavailable(`${owner} is not running; try again shortly.`, 2, error);
    if (error instanceof TimeoutError) {
      return unavailable(`${owner} did not reply in time; try again shortly.`, 2, error);
    }
    if (isTooLarge(error)) return new Fault('request.too_large', `The request to ${owner} is too large.`);
    return unavailable(`${owner} could not be reached (${subject}); try again shortly.`, 2, error);
  }
}

/** An event for the outbox, with tenant, actor and trace of the current work. */
export const eventMessage = <Body extends z.ZodType>(
  contract: EventContract<Body>,
  body: z.input<Body>,
  { tenant = currentCall()?.tenant, actor = currentCall()?.actor }: PublishOptions = {},
): StoredMessage => storedMessage(contract, body, headersOf({ tenant, actor }));

/** The request reached no service, or it is idempotent and only the reply is lost. */
const mayRetry = (contract: RequestContract, error: unknown): boolean =>
  isNoResponders(error) || (contract.idempotent && error instanceof LostConnection);

/** No service subscribes to the subject, so no work was started. */
export const isNoResponders = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());

const isTooLarge = (error: unknown): boolean => error instanceof Error && error.message.includes('max_payload');
