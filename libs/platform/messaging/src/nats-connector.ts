import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsConfig } from '@runos/config';
import { inboxOf, type ServiceName } from '@runos/contracts';
import { unavailable } from '@runos/kernel';
import type { Logger } from '@runos/observability';

export interface NatsConnectorOptions {
  readonly service: ServiceName;
  readonly config: NatsConfig;
  readonly logger: Logger;
}

/** A half-open connection is noticed within 10 s. */
const pings = { pingInterval: 5_000, maxPingOut: 2 };
/** The first connection is tried this often, ms. */
const retryMs = 500;

/**
 * One connection of this process to NATS, kept for ever: it is made as soon as NATS is there and comes back by itself.
 */
export class NatsConnector {
  #connection: NatsConnection | undefined;
  #usable = false;
  #stopped = false;
  #watching: Promise<void> | undefined;
  readonly #opening: Promise<NatsConnection>;
  readonly #onConnect = new Set<() => void>();
  readonly #onLoss = new Set<() => void>();
  readonly #waiting = new Set<() => void>();

  constructor(private readonly options: NatsConnectorOptions) {
    this.#opening = this.#open();
    this.#opening.catch(() => undefined); // who needs it awaits `connection()`
  }

  /** Whether a message sent now leaves this process. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Called after the first connection and after each that follows a loss: what was heard in between is unknown. */
  onConnect(listener: () => void): () => void {
    this.#onConnect.add(listener);
    return () => this.#onConnect.delete(listener);
  }

  /** Called when the connection is lost: answers that were on their way are lost with it. */
  onLoss(listener: () => void): () => void {
    this.#onLoss.add(listener);
    return () => this.#onLoss.delete(listener);
  }

  /** The connection, once there is one; waits for NATS as long as it takes. Rejects after `stop`. */
  connection(): Promise<NatsConnection> {
    return this.#opening;
  }

  /** The connection if it is usable within `patienceMs`. @throws Fault `unavailable` otherwise */
  async ready(patienceMs: number): Promise<NatsConnection> {
    if (!this.#usable) await this.#usableWithin(patienceMs);
    if (this.#connection === undefined || !this.#usable) {
      throw unavailable('The message bus cannot be reached; try again shortly.');
    }
    return this.#connection;
  }

  /** Sends what is still to be sent and closes. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    const connection = await this.#opening.catch(() => undefined);
    this.#usable = false;
    if (connection === undefined || connection.isClosed()) return;
    const flushed = connection.flush().catch(() => undefined);
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    await connection.close();
    await this.#watching;
  }

  async #open(): Promise<NatsConnection> {
    const { service, config, logger } = this.options;
    for (let attempt = 1; !this.#stopped; attempt += 1) {
      try {
        const connection = await connect({
          servers: config.natsUrl,
          user: config.natsUser,
          pass: config.natsPassword,
          name: service,
          inboxPrefix: inboxOf(service),
          timeout: 2_000,
          maxReconnectAttempts: -1,
          reconnectTimeWait: 200,
          reconnectJitter: 300,
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
        logger.info('NATS is back');
        this.#connected();
      } else if (status.type === 'error') {
        logger.error({ err: status.error }, 'NATS refused something');
      } else if (status.type === 'slowConsumer') {
        logger.warn({ pending: status.pending }, 'messages arrive faster than they are handled');
      }
    }
  }

  #lost(): void {
    if (!this.#usable) return;
    this.options.logger.warn('NATS is gone; reconnecting');
    this.#usable = false;
    for (const listener of this.#onLoss) listener();
  }

  #connected(): void {
    this.#usable = true;
    this.#wake();
    for (const listener of this.#onConnect) listener();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #usableWithin(ms: number): Promise<void> {
    return this.#stopped ? Promise.resolve() : this.#pause(ms);
  }

  /** Until `ms` are over, the connection is usable or this link stops. */
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
