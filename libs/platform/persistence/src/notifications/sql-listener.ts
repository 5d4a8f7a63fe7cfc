import { type Clock, systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import pg from 'pg';

export interface SqlListenerOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Receives the payload of a notification; undefined when notifications may have been missed. */
export type OnNotification = (payload: string | undefined) => void;

/** Delays between reconnect attempts, ms; the last one repeats. */
const reconnectDelaysMs = [100, 500, 1_000, 2_000, 5_000];

/** One connection that LISTENs on any number of channels and reconnects. */
export class SqlListener {
  readonly #channels = new Map<string, Set<OnNotification>>();
  readonly #stop = new AbortController();
  #client: pg.Client | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: SqlListenerOptions) {}

  /** Listens on `channel` until the returned function is called. Calls `onNotification(undefined)` at once and after each reconnect. */
  listen(channel: string, onNotification: OnNotification): () => void {
    const existing = this.#channels.get(channel);
    this.#channels.set(channel, (existing ?? new Set()).add(onNotification));
    this.#running ??= this.#run();
    if (existing === undefined && this.#client !== undefined) void this.#subscribe(this.#client, channel);
    else if (this.#client !== undefined) onNotification(undefined);
    return () => this.#channels.get(channel)?.delete(onNotification);
  }

  /** Resolves when the connection is closed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#client?.end();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock = systemClock, logger } = this.options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#listenUntilLost(() => {
          if (failures > 0) logger.info({ failures }, 'database notifications are received again');
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        const level = failures === 0 ? 'warn' : 'debug';
        logger[level]({ err: error, failures: failures + 1 }, 'database notifications cannot be received');
      }
      await clock.sleep(reconnectDelaysMs[Math.min(failures, reconnectDelaysMs.length - 1)] ?? 5_000, signal);
    }
  }

  async #listenUntilLost(connected: () => void): Promise<void> {
    const { url, applicationName } = this.options;
    const client = new pg.Client({
      connectionString: url,
      application_name: `${applicationName}:listen`,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    });
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
    client.on('notification', ({ channel, payload }) => this.#notify(channel, payload ?? ''));
    try {
      await client.connect();
      this.#client = client;
      for (const channel of this.#channels.keys()) await this.#subscribe(client, channel);
      if (this.#stop.signal.aborted) return;
      connected();
      await lost;
    } finally {
      this.#client = undefined;
      await client.end().catch(() => undefined); // already lost
    }
  }

  async #subscribe(client: pg.Client, channel: string): Promise<void> {
    try {
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      this.#notify(channel, undefined);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.options.logger.debug({ err: error, channel }, 'LISTEN failed');
    }
  }

  #notify(channel: string, payload: string | undefined): void {
    for (const onNotification of this.#channels.get(channel) ?? []) onNotification(payload);
  }
}
