import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { shutdownTimeoutMs } from '@runos/config';
import {
  type EventContract,
  isPlainSubscription,
  type RequestContract,
  type ServiceName,
  streamOf,
} from '@runos/contracts';
import { systemClock } from '@runos/kernel';
import { inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import { systemActor } from './call-context.js';
import { apiOptions, declareStream } from './event-stream.js';
import { InFlight } from './in-flight.js';
import type { NatsConnector } from './nats-connector.js';
import { RequestServer } from './request-server.js';
import { runHandler } from './run-handler.js';
import { StoredListener } from './stored-listener.js';
import { addressingOf, decode, traceCarrier } from './wire.js';

export interface NatsStrategyOptions {
  readonly service: ServiceName;
  readonly link: NatsConnector;
  readonly logger: Logger;
  readonly checkAnswers: boolean;
  /** Every contract of the plane: those this service owns decide its stream. */
  readonly contracts: readonly (RequestContract | EventContract)[];
}

interface Extras {
  readonly contract?: RequestContract | EventContract;
  readonly batch?: number;
}

/** Answers in flight and handlers of events get this long to end when the process stops; the rest is for closing, ms. */
const drainMs = shutdownTimeoutMs - 1_000;

/** Nest's handlers over our connection: `@Answers`, `@Hears` and `@HearsBatch` become subscriptions and consumers. */
export class NatsStrategy extends Server implements CustomTransportStrategy {
  readonly #requests: RequestServer;
  readonly #live: Subscription[] = [];
  readonly #hearing = new InFlight();
  readonly #stored: StoredListener[] = [];
  readonly #forget: (() => void)[] = [];
  #drained: Promise<void> | undefined;
  #declaring: Promise<void> | undefined;

  constructor(private readonly options: NatsStrategyOptions) {
    super();
    this.#requests = new RequestServer(options);
  }

  /** Waits for NATS as long as it takes. */
  listen(callback: (error?: unknown) => void): void {
    this.#listen().then(() => callback(), callback);
  }

  async #listen(): Promise<void> {
    const connection = await this.options.link.connection();
    const listening: Promise<void>[] = [];
    for (const [pattern, handler] of this.messageHandlers) {
      const { contract, batch } = (handler.extras ?? {}) as Extras;
      if (contract === undefined) throw new Error(`${pattern} is handled without a contract: use @Answers or @Hears`);
      if (contract.kind === 'request') this.#requests.listen(connection, contract, handler);
      else if (isPlainSubscription(contract)) this.#hearLive(connection, contract, handler);
      else listening.push(this.#hearStored(contract, handler, batch));
    }
    this.#forget.push(this.options.link.onConnect(() => void this.#declare(connection)));
    await Promise.all([this.#declare(connection), ...listening]);
    await connection.flush();
  }

  /** True while the stream of our events and the consumers of what we hear are there; otherwise which are not. */
  async storedEvents(): Promise<true | string> {
    const { link } = this.options;
    // Without a connection nothing is known of them, and that it is missing is told already.
    if (this.#declaring === undefined || !link.usable) return true;
    const troubles = [
      await this.#streamTrouble(await link.connection()),
      ...this.#stored.map(({ trouble }) => trouble),
    ];
    return troubles.filter((each) => each !== undefined).join('; ') || true;
  }

  close(): Promise<void> {
    return this.drain();
  }

  /** Takes no new message and resolves when what it has is done; the connection stays. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  on(): never {
    throw new Error('Listen to the link of this process instead.');
  }

  unwrap<T>(): T {
    return this.options.link as T;
  }

  async #drain(): Promise<void> {
    for (const forget of this.#forget.splice(0)) forget();
    const until = performance.now() + drainMs;
    await Promise.all([
      this.#requests.drain(drainMs),
      ...this.#live.splice(0).map((subscription) => subscription.drain().catch(() => undefined)),
      ...this.#stored.splice(0).map((listener) => listener.stop()),
    ]);
    await this.#hearing.idle(Math.max(0, until - performance.now()));
  }

  /** A stream that somebody deleted is made anew when that is noticed. */
  async #streamTrouble(connection: NatsConnection): Promise<string | undefined> {
    const name = streamOf(this.options.service);
    if (this.#events.length === 0) return undefined;
    try {
      await (await jetstreamManager(connection, apiOptions)).streams.info(name);
      return undefined;
    } catch (error) {
      if (error instanceof JetStreamApiError) void this.#declare(connection);
      return `stream ${name}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  get #events(): EventContract[] {
    const { service, contracts } = this.options;
    return contracts.filter(
      (contract): contract is EventContract =>
        contract.kind === 'event' && contract.owner === service && contract.delivery === 'at-least-once',
    );
  }

  /** One at a time. */
  #declare(connection: NatsConnection): Promise<void> {
    this.#declaring = (this.#declaring ?? Promise.resolve()).then(() => this.#declareStream(connection));
    return this.#declaring;
  }

  /** A NATS that lost its disk gets the stream again at the next connection; one that just started, a little later. */
  async #declareStream(connection: NatsConnection): Promise<void> {
    const { service, link, logger } = this.options;
    for (let attempt = 1; this.#drained === undefined && link.usable; attempt += 1) {
      try {
        return await declareStream(await jetstreamManager(connection, apiOptions), service, this.#events);
      } catch (error) {
        if (attempt === 3) logger.error({ err: error }, 'the stream of our events cannot be made');
        await systemClock.sleep(Math.min(attempt * 500, 5_000));
      }
    }
  }

  #hearStored(contract: EventContract, handler: MessageHandler, batch: number | undefined): Promise<void> {
    const { service, link, logger } = this.options;
    const listener = new StoredListener({ service, link, contract, handler, logger, batch });
    this.#stored.push(listener);
    return listener.start();
  }

  #hearLive(connection: NatsConnection, contract: EventContract, handler: MessageHandler): void {
    const { service, logger } = this.options;
    const queue = contract.receivers === 'one-replica' ? service : undefined;
    const callback = (error: Error | null, message: Msg) => {
      if (error) return logger.error({ err: error, event: contract.subject }, 'subscription refused');
      void this.#hearing.run(() => this.#hear(contract, handler, message));
    };
    this.#live.push(connection.subscribe(contract.subject, { queue, callback }));
  }

  async #hear(contract: EventContract, handler: MessageHandler, message: Msg): Promise<void> {
    const parent = traceOf(traceCarrier(message.headers));
    try {
      await inSpan(`hear ${contract.subject}`, { kind: SpanKind.CONSUMER, parent }, async () => {
        const { tenant, actor = systemActor(contract.owner) } = addressingOf(message.headers);
        const body: unknown = contract.body.parse(decode(message.data));
        await runHandler(handler, body, { tenant, actor, deadlineAt: Infinity });
      });
    } catch (error) {
      this.options.logger.error({ err: error, event: contract.subject }, 'an event could not be handled');
    }
  }
}
