import type { StoredMessage } from '@runos/contracts';
import { type Clock, systemClock } from '@runos/kernel';
import { counter, durations, type Logger } from '@runos/observability';
import type { Database } from './database.js';
import { onOutboxWrite } from './outbox.js';
import { runSql } from './run-sql.js';
import type { SqlListener } from './sql-listener.js';

/** Where events go: resolves when all of them are stored, in this order. Repeating one is harmless. */
export interface EventSink {
  publishStored(messages: readonly StoredMessage[]): Promise<void>;
  /** Called when publishing may work again. */
  onConnect(listener: () => void): () => void;
}

export interface OutboxPublisherOptions {
  readonly database: Database;
  readonly listener: SqlListener;
  readonly schema: string;
  /** This replica's application_name: what it wrote itself it knows already. */
  readonly applicationName: string;
  readonly sink: EventSink;
  readonly logger: Logger;
  readonly clock?: Clock;
}

type Row = StoredMessage & { readonly seq: number };

/** Rows published in one transaction. */
const atOnce = 200;
/** After several rows at once the next ones are gathered for so long, ms: a change that is alone waits for nobody. */
const gatherMs = 150;
/** Only for what no event announced, ms. */
const safetyMs = 15_000;
/** After a failure, ms; the last value from then on. */
const againAfterMs = [250, 1_000, 5_000, safetyMs];

/**
 * Publishes the outbox of one schema in order, one replica at a time: rows leave it once their stream has them. Woken
 * by a commit here, a notification from elsewhere, a returning connection, or the slow timer.
 */
export class OutboxPublisher {
  readonly #stop = new AbortController();
  readonly #published = counter('runos_outbox_published_total');
  readonly #duration = durations('runos_outbox_publish_duration_seconds');
  #awake: AbortController | undefined;
  #woken = true;
  #forget: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(private readonly options: OutboxPublisherOptions) {}

  start(): void {
    const { listener, schema, applicationName, sink } = this.options;
    this.#forget = [
      onOutboxWrite(() => this.#wake()),
      listener.listen(`${schema}_outbox`, (writer) => {
        if (writer !== applicationName) this.#wake();
      }),
      sink.onConnect(() => this.#wake()),
    ];
    this.#running = this.#run();
  }

  /** Resolves when the batch under way is done. */
  async stop(): Promise<void> {
    for (const forget of this.#forget) forget();
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  #wake(): void {
    this.#woken = true;
    this.#awake?.abort();
  }

  async #run(): Promise<void> {
    const { clock = systemClock, logger } = this.options;
    for (let failures = 0; !this.#stop.signal.aborted;) {
      this.#woken = false;
      let published = 0;
      try {
        do published = await this.#publish();
        while (published === atOnce && !this.#stop.signal.aborted);
        failures = 0;
      } catch (error) {
        if (failures === 1) logger.warn({ err: error }, 'events wait in the outbox');
        failures += 1;
      }
      if (published > 1) await clock.sleep(gatherMs, this.#stop.signal);
      if (failures === 0 && this.#woken) continue;
      const pause = failures === 0 ? safetyMs : againAfterMs[Math.min(failures - 1, againAfterMs.length - 1)];
      this.#awake = new AbortController();
      if (!this.#stop.signal.aborted) await clock.sleep(pause, this.#awake.signal);
    }
  }

  /** Resolves with how many rows left; none while another replica is at it (its end is when it finds no more). */
  async #publish(): Promise<number> {
    const { database, sink } = this.options;
    const started = performance.now();
    const count = await database.transaction(async (manager) => {
      const [{ ours }] = await runSql<{ ours: boolean }>(
        manager,
        `SELECT pg_try_advisory_xact_lock(hashtext('outbox'), hashtext(current_schema())) AS ours`,
      );
      if (!ours) return 0;
      const rows = await runSql<Row>(
        manager,
        'SELECT seq, id, subject, body, headers FROM outbox ORDER BY seq LIMIT $1',
        [atOnce],
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
