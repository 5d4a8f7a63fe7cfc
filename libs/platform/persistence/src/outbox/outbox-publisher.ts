import type { StoredMessage } from '@runos/contracts';
import { type Clock, systemClock } from '@runos/kernel';
import { counter, durations, type Logger } from '@runos/observability';
import { type Database, runSql } from '../transactions/database.js';
import { onOutboxWrite } from './outbox.js';
import type { SqlListener } from '../notifications/sql-listener.js';

/** The destination of events. Resolves when all are stored in order; duplicates are dropped by id. */
export interface EventSink {
  publishStored(messages: readonly StoredMessage[]): Promise<void>;
  /** Calls the listener when publishing may work again. */
  onConnect(listener: () => void): () => void;
}

export interface OutboxPublisherOptions {
  readonly database: Database;
  readonly listener: SqlListener;
  readonly schema: string;
  /** This replica's application_name: it ignores notifications of its own writes. */
  readonly applicationName: string;
  readonly sink: EventSink;
  readonly logger: Logger;
  readonly clock?: Clock;
}

type OutboxRow = StoredMessage & { readonly seq: number };

/** Rows published per transaction. */
const batchSize = 200;
/** Collection time after a batch of several rows, ms. A single change is published immediately. */
const collectMs = 150;
/** Fallback interval for missed notifications, ms. */
const fallbackMs = 15_000;
/** Delays after consecutive failures, ms; the last one repeats. */
const retryDelaysMs = [250, 1_000, 5_000, fallbackMs];

/**
 * Publishes the outbox of one schema in order, one replica at a time, and deletes rows when their stream has stored them.
 * Wake-ups: a commit of this process, a notification of another replica, a reconnect, the fallback timer.
 */
export class OutboxPublisher {
  readonly #stop = new AbortController();
  readonly #published = counter('runos_outbox_published_total');
  readonly #duration = durations('runos_outbox_publish_duration_seconds');
  #sleep: AbortController | undefined;
  #isWakeUpPending = true;
  #unsubscribe: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(private readonly options: OutboxPublisherOptions) {}

  /** Publishes what is stored already, then each new row. Failures are logged and retried until `stop`. */
  start(): void {
    const { listener, schema, applicationName, sink } = this.options;
    this.#unsubscribe = [
      onOutboxWrite(() => this.#wake()),
      listener.listen(`${schema}_outbox`, (writer) => {
        if (writer !== applicationName) this.#wake();
      }),
      sink.onConnect(() => this.#wake()),
    ];
    this.#running = this.#run();
  }

  /** Resolves when the current batch is done. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  #wake(): void {
    this.#isWakeUpPending = true;
    this.#sleep?.abort();
  }

  async #run(): Promise<void> {
    const { clock = systemClock, logger } = this.options;
    for (let failures = 0; !this.#stop.signal.aborted;) {
      this.#isWakeUpPending = false;
      let published = 0;
      try {
        do published = await this.#publish();
        while (published === batchSize && !this.#stop.signal.aborted);
        if (failures > 0) logger.info({ failures }, 'events are published again');
        failures = 0;
      } catch (error) {
        const level = failures === 0 ? 'warn' : 'debug';
        failures += 1;
        logger[level]({ err: error, failures }, 'events cannot be published and stay in the outbox');
      }
      if (published > 1) await clock.sleep(collectMs, this.#stop.signal);
      if (failures === 0 && this.#isWakeUpPending) continue;
      const pause =
        failures === 0 ? fallbackMs : (retryDelaysMs[Math.min(failures - 1, retryDelaysMs.length - 1)] ?? fallbackMs);
      this.#sleep = new AbortController();
      if (!this.#stop.signal.aborted) await clock.sleep(pause, this.#sleep.signal);
    }
  }

  /** Returns the number of published rows; 0 while another replica publishes, which continues until it finds no more. */
  async #publish(): Promise<number> {
    const { database, sink } = this.options;
    const started = performance.now();
    const count = await database.transaction(async (manager) => {
      const [lock] = await runSql<{ acquired: boolean }>(
        manager,
        `SELECT pg_try_advisory_xact_lock(hashtext('outbox'), hashtext(current_schema())) AS acquired`,
      );
      if (!lock?.acquired) return 0;
      const rows = await runSql<OutboxRow>(
        manager,
        'SELECT seq, id, subject, body, headers FROM outbox ORDER BY seq LIMIT $1',
        [batchSize],
      );
      if (rows.length === 0) return 0;
      await sink.publishStored(rows);
      await runSql(manager, 'DELETE FROM outbox WHERE seq = ANY($1)', [rows.map(({ seq }) => seq)]);
      return rows.length;
    });
    if (count > 0) {
      this.#published.add(count, {});
      this.#duration.record(performance.now() - started, {});
    }
    return count;
  }
}
