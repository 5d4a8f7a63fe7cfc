import { type ConsumerMessages, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import type { MessageHandler } from '@nestjs/microservices';
import { consumerOf, type EventContract, type ServiceName, streamOf } from '@runos/contracts';
import { type Clock, systemClock } from '@runos/kernel';
import { inSpanOfAll, type Logger, SpanKind } from '@runos/observability';
import { systemActor } from './call-context.js';
import { ackWaitMs, apiOptions, declareConsumer, maxUnacknowledged } from './event-stream.js';
import type { NatsConnector } from './nats-connector.js';
import { runHandler } from './run-handler.js';
import { addressingOf, decode, traceCarrier } from './wire.js';

export interface StoredListenerOptions {
  readonly service: ServiceName;
  readonly link: NatsConnector;
  readonly contract: EventContract;
  readonly handler: MessageHandler;
  readonly logger: Logger;
  /** How many events at most are handed over at once; absent: one by one, not as a list. */
  readonly batch?: number;
  readonly clock?: Clock;
}

interface Arrived {
  readonly message: JsMsg;
  readonly body: unknown;
  readonly tenant: string | undefined;
}

/** What a handler could not take comes again after this long, ms; the last value from then on. */
const againAfterMs = [1_000, 5_000, 15_000, 60_000];
/** A stream that its owner has not made yet is looked for after this long, ms. */
const lookAgainMs = [100, 500, 1_000, 5_000];

const nth = (delays: readonly number[], n: number): number => delays[Math.min(n, delays.length - 1)];

/** Fetches the stored events of one contract for one service and hands them to its handler, in order. */
export class StoredListener {
  readonly #stop = new AbortController();
  #waiting: JsMsg[] = [];
  #messages: ConsumerMessages | undefined;
  #pumping: Promise<void> = Promise.resolve();
  #busy = false;
  #forget: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #trouble: string | undefined = 'nothing was fetched yet';

  constructor(private readonly options: StoredListenerOptions) {}

  /** Why nothing can be fetched now; undefined while it can. */
  get trouble(): string | undefined {
    const { service, contract } = this.options;
    const name = `consumer ${consumerOf(service, contract)} of stream ${streamOf(contract.owner)}`;
    return this.#trouble && `${name}: ${this.#trouble}`;
  }

  /** Resolves when it has been tried once. */
  start(): Promise<void> {
    // The library itself may wait half a minute after a reconnection: begin anew instead.
    this.#forget = this.options.link.onConnect(() => this.#messages?.stop());
    return new Promise((resolve) => {
      this.#running = this.#run(resolve);
    });
  }

  /** Resolves when nothing is being handled; what had arrived and was not begun is left to another replica. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#forget();
    this.#messages?.stop();
    for (const message of this.#waiting.splice(0)) message.nak();
    await this.#pumping;
    await this.#running;
  }

  async #run(tried: () => void): Promise<void> {
    const { link, contract, logger, clock = systemClock } = this.options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const messages = await this.#consume();
        failures = 0;
        this.#trouble = undefined;
        tried();
        const error = await messages.closed();
        this.#trouble = 'it was closed';
        if (error) throw error;
      } catch (error) {
        tried();
        if (signal.aborted) return;
        this.#trouble = error instanceof Error ? error.message : String(error);
        const level = failures === 3 && link.usable ? 'warn' : 'debug';
        logger[level]({ err: error, event: contract.subject }, 'stored events cannot be fetched yet');
      }
      await clock.sleep(nth(lookAgainMs, failures), signal);
    }
  }

  async #consume(): Promise<ConsumerMessages> {
    const { service, link, contract } = this.options;
    const connection = await link.connection();
    const manager = await jetstreamManager(connection, apiOptions);
    const { stream, consumer } = await declareConsumer(manager, service, contract);
    const source = await jetstream(connection, apiOptions).consumers.get(stream, consumer);
    this.#messages = await source.consume({
      max_messages: maxUnacknowledged,
      abort_on_missing_resource: true,
      callback: (message) => this.#arrived(message),
    });
    if (this.#stop.signal.aborted) this.#messages.stop();
    return this.#messages;
  }

  #arrived(message: JsMsg): void {
    if (this.#stop.signal.aborted) return message.nak();
    this.#waiting.push(message);
    if (!this.#busy) this.#pumping = this.#pump();
  }

  async #pump(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting.length > 0) {
        const taken = this.#waiting.splice(0, this.options.batch ?? 1);
        await this.#take(taken.flatMap((message) => this.#read(message)));
      }
    } finally {
      this.#busy = false;
    }
  }

  /** A body that its contract does not allow can never be handled: it is dropped, loudly. */
  #read(message: JsMsg): Arrived[] {
    const { contract, logger } = this.options;
    try {
      const body = contract.body.parse(decode(message.data));
      return [{ message, body, tenant: addressingOf(message.headers).tenant }];
    } catch (error) {
      logger.error({ err: error, event: contract.subject, seq: message.seq }, 'an event is not as its contract says');
      message.term('not as its contract says');
      return [];
    }
  }

  async #take(arrived: readonly Arrived[]): Promise<void> {
    if (arrived.length === 0) return;
    const alive = setInterval(() => arrived.forEach(({ message }) => message.working()), ackWaitMs / 3);
    try {
      await this.#handle(arrived);
      for (const { message } of arrived) message.ack();
    } catch (error) {
      if (arrived.length === 1) this.#later(arrived[0].message, error);
      else for (const one of arrived) await this.#take([one]);
    } finally {
      clearInterval(alive);
    }
  }

  async #handle(arrived: readonly Arrived[]): Promise<void> {
    const { contract, handler, service, batch } = this.options;
    const [{ body, tenant }] = arrived;
    const call = { tenant, actor: systemActor(service), deadlineAt: Infinity };
    const carriers = arrived.map(({ message }) => traceCarrier(message.headers));
    const input = batch === undefined ? body : arrived.map((one) => ({ body: one.body, tenant: one.tenant }));
    await inSpanOfAll(`hear ${contract.subject}`, { kind: SpanKind.CONSUMER }, carriers, () =>
      runHandler(handler, input, call),
    );
  }

  #later(message: JsMsg, error: unknown): void {
    const { contract, logger } = this.options;
    const delay = nth(againAfterMs, message.info.deliveryCount - 1);
    const fields = { err: error, event: contract.subject, seq: message.seq, delivery: message.info.deliveryCount };
    logger.warn(fields, `an event could not be handled; again in ${delay / 1_000} s`);
    message.nak(delay);
  }
}
