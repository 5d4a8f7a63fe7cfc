import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { NatsConfig } from '@runos/config';
import { inboxOf, type NatsUserName } from '@runos/contracts';
import { systemClock, unavailable } from '@runos/kernel';
import type { Logger } from '@runos/observability';

export interface NatsConnectorOptions {
  /** The service that connects, or another program with a user of its own. */
  readonly service: NatsUserName;
  readonly config: NatsConfig;
  readonly logger: Logger;
}

/** Detects a half-open connection within 10 s. */
const pings = { pingInterval: 5_000, maxPingOut: 2 };
/** Pause between attempts of the first connection, ms. */
const retryMs = 500;
/** Time between two attempts to connect, ms: 200 to 500, so that services do not reconnect at the same moment. */
const reconnectIntervalMs = (): number => 200 + Math.random() * 300;

/**
 * The client waits until the wall clock has passed its last attempt. After a step back of the clock it would wait for
 * the whole step. Here the monotonic clock decides.
 */
function reconnectByMonotonicClock(): Pick<NodeConnectionOptions, 'reconnectDelayHandler' | 'reconnectToServer'> {
  let notBefore = 0;
  return {
    reconnectDelayHandler: () => -Infinity, // no pause by the wall clock
    reconnectToServer: ([server]) => {
      const now = systemClock.monotonicMs();
      const delay = Math.max(0, notBefore - now);
      notBefore = now + delay + reconnectIntervalMs();
      return server === undefined ? null : { server, delay };
    },
  };
}

/**
 * The connection of this process to NATS. It connects as soon as NATS is available and reconnects without a limit.
 */
export class NatsConnector {
  #connection: NatsConnection | undefined;
  #isUsable = false;
  #isStopped = false;
  #watching: Promise<void> | undefined;
  readonly #opening: Promise<NatsConnection>;
  readonly #onConnect = new Set<() => void>();
  readonly #onLoss = new Set<() => void>();
  readonly #waiting = new Set<() => void>();

  constructor(private readonly options: NatsConnectorOptions) {
    this.#opening = this.#open();
    this.#opening.catch(() => undefined); // callers of `connection()` handle the rejection
  }

  /** Whether messages can be sent now. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Calls `listener` after the first connection and each reconnect: messages in between are lost. */
  onConnect(listener: () => void): () => void {
    this.#onConnect.add(listener);
    return () => this.#onConnect.delete(listener);
  }

  /** Calls `listener` when the connection is lost, and with it all pending replies. */
  onLoss(listener: () => void): () => void {
    this.#onLoss.add(listener);
    return () => this.#onLoss.delete(listener);
  }

  /** The connection; waits for NATS without a timeout. Rejects after `stop`. */
  connection(): Promise<NatsConnection> {
    return this.#opening;
  }

  /** The connection when it is usable within `timeoutMs`. @throws Fault `unavailable` otherwise */
  async ready(timeoutMs: number): Promise<NatsConnection> {
    if (!this.#isUsable) await this.#usableWithin(timeoutMs);
    if (this.#connection === undefined || !this.#isUsable) {
      throw unavailable('The message bus cannot be reached; try again shortly.');
    }
    return this.#connection;
  }

  /** Flushes pending messages and closes. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    const connection = await this.#opening.catch(() => undefined);
    this.#isUsable = false;
    if (connection === undefined || connection.isClosed()) return;
    const flushed = connection.flush().catch(() => undefined);
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    await connection.close();
    await this.#watching;
  }

  async #open(): Promise<NatsConnection> {
    const { service, config, logger } = this.options;
    for (let attempt = 1; !this.#isStopped; attempt += 1) {
      try {
        const connection = await connect({
          servers: config.natsUrl,
          user: config.natsUser,
          pass: config.natsPassword,
          name: service,
          inboxPrefix: inboxOf(service),
          timeout: 2_000,
          maxReconnectAttempts: -1,
          ...reconnectByMonotonicClock(),
          ignoreAuthErrorAbort: true,
          noAsyncTraces: true,
          ...pings,
        });
        this.#connection = connection;
        this.#watching = this.#watch(connection);
        this.#connected();
        return connection;
      } catch (error) {
        if (attempt % 20 === 1) logger.warn({ err: error, server: config.natsUrl }, 'NATS cannot be reached yet');
        await this.#pause(retryMs);
      }
    }
    throw unavailable('This process is stopping.');
  }

  async #watch(connection: NatsConnection): Promise<void> {
    const { logger } = this.options;
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') {
        this.#lost();
      } else if (status.type === 'reconnect') {
        logger.info('reconnected to NATS');
        this.#connected();
      } else if (status.type === 'error') {
        logger.error({ err: status.error }, 'NATS reported an error');
      } else if (status.type === 'slowConsumer') {
        logger.warn({ pending: status.pending }, 'slow consumer: messages arrive faster than they are handled');
      }
    }
  }

  #lost(): void {
    if (!this.#isUsable) return;
    this.options.logger.warn('disconnected from NATS; reconnecting');
    this.#isUsable = false;
    for (const listener of this.#onLoss) listener();
  }

  #connected(): void {
    this.#isUsable = true;
    this.#wake();
    for (const listener of this.#onConnect) listener();
  }

  #wake(): void {
    for (const wakeUp of this.#waiting) wakeUp();
  }

  #usableWithin(ms: number): Promise<void> {
    return this.#isStopped ? Promise.resolve() : this.#pause(ms);
  }

  /** Resolves after `ms`, or when the connection is usable or this connector stops. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }
}
