import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { shutdownTimeoutMs } from '@runos/config';
import {
  type EventContract,
  isPlainSubscription,
  isStored,
  type RequestContract,
  type ServiceName,
  streamOf,
} from '@runos/contracts';
import { BudgetedLog, inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import { systemActor } from '../requests/call-context.js';
import { apiOptions } from '../events/delivery.js';
import { InFlightCounter } from './in-flight-counter.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import { RequestServer } from '../requests/request-server.js';
import { runHandler } from './handlers.js';
import { DurableConsumer } from '../events/durable-consumer.js';
import { contextOf, decode, traceCarrier } from '../connection/wire.js';

export interface NatsStrategyOptions {
  readonly service: ServiceName;
  readonly connector: NatsConnector;
  readonly logger: Logger;
  readonly checkReplies: boolean;
  /** All contracts; the events that this service owns determine its stream. */
  readonly contracts: readonly (RequestContract | EventContract)[];
}

interface Extras {
  readonly contract?: RequestContract | EventContract;
  readonly batch?: number;
}

/** Running handlers get this long on shutdown, ms; the rest is for closing connections. */
const drainMs = shutdownTimeoutMs - 1_000;

/** Lines about the messages of one subject. */
const receivedLinesPerMinute = 600;

/** Nest transport: `@Respond`, `@Subscribe` and `@SubscribeBatch` become NATS subscriptions and JetStream consumers. */
export class NatsStrategy extends Server implements CustomTransportStrategy {
  readonly #requests: RequestServer;
  readonly #subscriptions: Subscription[] = [];
  readonly #inFlight = new InFlightCounter();
  readonly #consumers: DurableConsumer[] = [];
  /** Its own lines about received messages; a sender can cause any number of them. */
  readonly #log: BudgetedLog;
  #drained: Promise<void> | undefined;
  #isListening = false;

  constructor(private readonly options: NatsStrategyOptions) {
    super();
    this.#requests = new RequestServer(options);
    this.#log = new BudgetedLog(options.logger, receivedLinesPerMinute);
  }

  /** Waits for NATS without a timeout. */
  listen(callback: (error?: unknown) => void): void {
    this.#listen().then(() => callback(), callback);
  }

  async #listen(): Promise<void> {
    const connection = await this.options.connector.connection();
    const starting: Promise<void>[] = [];
    for (const [pattern, handler] of this.messageHandlers) {
      const { contract, batch } = (handler.extras ?? {}) as Extras;
      if (contract === undefined) throw new Error(`${pattern} has no contract: use @Respond or @Subscribe`);
      if (contract.kind === 'request') this.#requests.listen(connection, contract, handler);
      else if (isPlainSubscription(contract)) this.#subscribe(connection, contract, handler);
      else starting.push(this.#consume(contract, handler, batch));
    }
    this.#isListening = true;
    await Promise.all(starting);
    await connection.flush();
  }

  /** true while the stream of this service and its consumers exist; otherwise which are missing. */
  async jetStreamStatus(): Promise<true | string> {
    const { connector } = this.options;
    // Without a connection their state is unknown, and readiness already reports the connection.
    if (!this.#isListening || !connector.isUsable) return true;
    const problems = [
      await this.#streamProblem(await connector.connection()),
      ...this.#consumers.map(({ problem }) => problem),
    ];
    return problems.filter((each) => each !== undefined).join('; ') || true;
  }

  /** Nest calls it when the application closes. The same as `drain`. */
  close(): Promise<void> {
    return this.drain();
  }

  /** Stops receiving messages and resolves when the running handlers are done; the connection stays open. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** @throws Error always: Nest forwards no events of the connection */
  on(): never {
    throw new Error('Use the NatsConnector of this process instead.');
  }

  /** The `NatsConnector`, which Nest hands to the application as the underlying server. */
  unwrap<T>(): T {
    return this.options.connector as T;
  }

  async #drain(): Promise<void> {
    const until = performance.now() + drainMs;
    await Promise.all([
      this.#requests.drain(drainMs),
      ...this.#subscriptions.splice(0).map((subscription) => subscription.drain().catch(() => undefined)),
      ...this.#consumers.splice(0).map((consumer) => consumer.stop()),
    ]);
    await this.#inFlight.idle(Math.max(0, until - performance.now()));
    this.#log.end();
  }

  async #streamProblem(connection: NatsConnection): Promise<string | undefined> {
    const { service, contracts } = this.options;
    const name = streamOf(service);
    if (!contracts.some((each) => each.kind === 'event' && each.owner === service && isStored(each))) return undefined;
    try {
      await (await jetstreamManager(connection, apiOptions)).streams.info(name);
      return undefined;
    } catch (error) {
      return `stream ${name}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #consume(contract: EventContract, handler: MessageHandler, batch: number | undefined): Promise<void> {
    const { service, connector, logger } = this.options;
    const consumer = new DurableConsumer({ service, connector, contract, handler, logger, batch });
    this.#consumers.push(consumer);
    return consumer.start();
  }

  #subscribe(connection: NatsConnection, contract: EventContract, handler: MessageHandler): void {
    const { service, logger } = this.options;
    const queue = contract.receivers === 'one-replica' ? service : undefined;
    const callback = (error: Error | null, message: Msg) => {
      if (error) return logger.error({ err: error, event: contract.subject }, 'subscription refused');
      // Events are published without one: JetStream delivered this message for a sender that may not publish it.
      if (message.reply) {
        return this.#log.write({
          key: contract.subject,
          sender: { event: contract.subject },
          level: 'warn',
          fields: {},
          message: 'refused an event with a reply subject',
        });
      }
      void this.#inFlight.run(() => this.#handle(contract, handler, message));
    };
    this.#subscriptions.push(connection.subscribe(contract.subject, { queue, callback }));
  }

  async #handle(contract: EventContract, handler: MessageHandler, message: Msg): Promise<void> {
    const parent = traceOf(traceCarrier(message.headers));
    try {
      await inSpan(`consume ${contract.subject}`, { kind: SpanKind.CONSUMER, parent }, async () => {
        const { tenant, actor = systemActor(contract.owner) } = contextOf(message.headers);
        const body: unknown = contract.body.parse(decode(message.data));
        await runHandler(handler, body, { tenant, actor, deadlineAt: Infinity });
      });
    } catch (error) {
      this.#log.write({
        key: contract.subject,
        sender: { event: contract.subject },
        level: 'error',
        fields: { err: error },
        message: 'event handler failed',
      });
    }
  }
}
