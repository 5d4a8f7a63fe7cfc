import { type ConsumerMessages, jetstream, type JsMsg } from '@nats-io/jetstream';
import type { MessageHandler } from '@nestjs/microservices';
import { consumerOf, type EventContract, type ServiceName, streamOf } from '@runos/contracts';
import { type Clock, systemClock } from '@runos/kernel';
import { inSpanOfAll, type Logger, SpanKind } from '@runos/observability';
import { systemActor } from '../requests/call-context.js';
import { ackWaitMs, apiOptions, maxAckPending } from './delivery.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import { runHandler } from '../service/handlers.js';
import { contextOf, decode, traceCarrier } from '../connection/wire.js';

export interface DurableConsumerOptions {
  readonly service: ServiceName;
  readonly connector: NatsConnector;
  readonly contract: EventContract;
  readonly handler: MessageHandler;
  readonly logger: Logger;
  /** The largest batch; absent: single events instead of lists. */
  readonly batch?: number;
  readonly clock?: Clock;
}

interface Delivery {
  readonly message: JsMsg;
  readonly body: unknown;
  readonly tenant: string | undefined;
}

/** Delays before redelivery of a failed event, ms; the last one repeats. */
const redeliveryDelaysMs = [1_000, 5_000, 15_000, 60_000];
/** Delays before another attempt to consume, ms, for example while the consumer has not been created. */
const retryDelaysMs = [100, 500, 1_000, 5_000];

const nth = (delays: readonly number[], n: number): number => delays[Math.min(n, delays.length - 1)] ?? 0;

/** Consumes the at-least-once events of one contract for one service and passes them to its handler in order. */
export class DurableConsumer {
  readonly #stop = new AbortController();
  #pending: JsMsg[] = [];
  #handled: readonly JsMsg[] = [];
  #messages: ConsumerMessages | undefined;
  #processing: Promise<void> = Promise.resolve();
  #isBusy = false;
  #unsubscribe: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #failure: string | undefined = 'not started';

  constructor(private readonly options: DurableConsumerOptions) {}

  /** Why events cannot be consumed; undefined while they can. */
  get problem(): string | undefined {
    const { service, contract } = this.options;
    const name = `consumer ${consumerOf(service, contract)} of stream ${streamOf(contract.owner)}`;
    return this.#failure && `${name}: ${this.#failure}`;
  }

  /** Resolves after the first attempt. */
  start(): Promise<void> {
    // The library may wait 30 s after a reconnect, so the consumer restarts at once.
    this.#unsubscribe = this.options.connector.onConnect(() => this.#messages?.stop());
    return new Promise((resolve) => {
      this.#running = this.#run(resolve);
    });
  }

  /** Resolves when the handler is idle; pending messages are returned for another replica. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    this.#messages?.stop();
    for (const message of this.#pending.splice(0)) message.nak();
    await this.#processing;
    await this.#running;
  }

  async #run(attempted: () => void): Promise<void> {
    const { connector, contract, logger, clock = systemClock } = this.options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const messages = await this.#consume();
        failures = 0;
        this.#failure = undefined;
        attempted();
        const error = await messages.closed();
        this.#failure = 'the consumer was closed';
        if (error) throw error;
      } catch (error) {
        attempted();
        if (signal.aborted) return;
        this.#failure = error instanceof Error ? error.message : String(error);
        const level = failures === 3 && connector.isUsable ? 'warn' : 'debug';
        logger[level]({ err: error, event: contract.subject }, 'events cannot be consumed yet');
      }
      await clock.sleep(nth(retryDelaysMs, failures), signal);
    }
  }

  async #consume(): Promise<ConsumerMessages> {
    const { service, connector, contract } = this.options;
    const connection = await connector.connection();
    const [stream, consumer] = [streamOf(contract.owner), consumerOf(service, contract)];
    const source = await jetstream(connection, apiOptions).consumers.get(stream, consumer);
    this.#messages = await source.consume({
      max_messages: maxAckPending,
      abort_on_missing_resource: true,
      callback: (message) => this.#enqueue(message),
    });
    if (this.#stop.signal.aborted) this.#messages.stop();
    return this.#messages;
  }

  #enqueue(message: JsMsg): void {
    if (this.#stop.signal.aborted) return message.nak();
    this.#pending.push(message);
    if (!this.#isBusy) this.#processing = this.#processPending();
  }

  async #processPending(): Promise<void> {
    this.#isBusy = true;
    const keepAlive = setInterval(() => this.#extendAckWait(), ackWaitMs / 3);
    try {
      while (this.#pending.length > 0) {
        this.#handled = this.#pending.splice(0, this.options.batch ?? 1);
        await this.#process(this.#handled.flatMap((message) => this.#parse(message)));
      }
    } finally {
      clearInterval(keepAlive);
      this.#handled = [];
      this.#isBusy = false;
    }
  }

  /** Also for events that wait behind others: their time counts from the delivery, and JetStream would deliver them again. */
  #extendAckWait(): void {
    for (const message of [...this.#handled, ...this.#pending]) message.working();
  }

  /** Terminates a message whose body violates its contract: redelivery cannot help. */
  #parse(message: JsMsg): Delivery[] {
    const { contract, logger } = this.options;
    try {
      const body = contract.body.parse(decode(message.data));
      return [{ message, body, tenant: contextOf(message.headers).tenant }];
    } catch (error) {
      logger.error({ err: error, event: contract.subject, seq: message.seq }, 'event violates its contract');
      message.term('violates its contract');
      return [];
    }
  }

  async #process(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    try {
      await this.#handle(deliveries);
      for (const { message } of deliveries) message.ack();
    } catch (error) {
      const [delivery] = deliveries;
      if (delivery !== undefined && deliveries.length === 1) this.#redeliver(delivery.message, error);
      else for (const each of deliveries) await this.#process([each]);
    }
  }

  async #handle(deliveries: readonly Delivery[]): Promise<void> {
    const { contract, handler, service, batch } = this.options;
    const [first] = deliveries;
    const call = { tenant: first?.tenant, actor: systemActor(service), deadlineAt: Infinity };
    const carriers = deliveries.map(({ message }) => traceCarrier(message.headers));
    const input = batch === undefined ? first?.body : deliveries.map(({ body, tenant }) => ({ body, tenant }));
    await inSpanOfAll(`consume ${contract.subject}`, { kind: SpanKind.CONSUMER }, carriers, () =>
      runHandler(handler, input, call),
    );
  }

  #redeliver(message: JsMsg, error: unknown): void {
    const { contract, logger } = this.options;
    const delay = nth(redeliveryDelaysMs, message.info.deliveryCount - 1);
    const fields = { err: error, event: contract.subject, seq: message.seq, delivery: message.info.deliveryCount };
    logger.warn(fields, `event handler failed; redelivery in ${delay / 1_000} s`);
    message.nak(delay);
  }
}
