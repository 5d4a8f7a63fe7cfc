import { type Clock, systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import pg from 'pg';

export interface SqlListenerOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Called with the payload of a notification, and with undefined when some may have been missed. */
export type OnNotification = (payload: string | undefined) => void;

/** A broken connection is made again after this long, ms; the last value from then on. */
const againAfterMs = [100, 500, 1_000, 2_000, 5_000];

/** One connection that hears NOTIFY on any number of channels and comes back by itself. */
export class SqlListener {
  readonly #channels = new Map<string, Set<OnNotification>>();
  readonly #stop = new AbortController();
  #client: pg.Client | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: SqlListenerOptions) {}

  /** Hears `channel` until the returned function is called. Told at once, and after each loss, that it may have missed some. */
  listen(channel: string, hear: OnNotification): () => void {
    const known = this.#channels.get(channel);
    this.#channels.set(channel, (known ?? new Set()).add(hear));
    this.#running ??= this.#run();
    if (known === undefined && this.#client !== undefined) void this.#subscribe(this.#client, channel);
    else if (this.#client !== undefined) hear(undefined);
    return () => this.#channels.get(channel)?.delete(hear);
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
        await this.#hearUntilLost(() => (failures = 0));
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 1) logger.warn({ err: error }, 'notifications of the database cannot be heard');
      }
      await clock.sleep(againAfterMs[Math.min(failures, againAfterMs.length - 1)], signal);
    }
  }

  async #hearUntilLost(connected: () => void): Promise<void> {
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
    client.on('notification', ({ channel, payload }) => this.#tell(channel, payload ?? ''));
    try {
      await client.connect();
      this.#client = client;
      for (const channel of this.#channels.keys()) await this.#subscribe(client, channel);
      if (this.#stop.signal.aborted) return;
      connected();
      await lost;
    } finally {
      this.#client = undefined;
      await client.end().catch(() => undefined); // it is lost already
    }
  }

  async #subscribe(client: pg.Client, channel: string): Promise<void> {
    try {
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      this.#tell(channel, undefined);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.options.logger.debug({ err: error, channel }, 'LISTEN failed');
    }
  }

  #tell(channel: string, payload: string | undefined): void {
    for (const hear of this.#channels.get(channel) ?? []) hear(payload);
  }
}
