import { type Clock, hourMs, systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import { type Database, runSql } from '../transactions/database.js';
import type { RetentionBatch, RetentionRule } from './retention-rule.js';

export interface RetentionOptions {
  readonly database: Database;
  readonly rules: readonly RetentionRule[];
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Deletes the rows of one schema after their retention, every hour. Replicas start at random times and exclude each other
 * by a lock. One that finds it taken ends its whole run, so that the other one reaches every table.
 */
export class Retention {
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(private readonly options: RetentionOptions) {}

  /** Runs for the first time within an hour. Failures are logged and retried in the next hour. */
  start(): void {
    this.#running = this.#runHourly();
  }

  /** Resolves when the current batch is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Applies every rule once, unless another replica does. A rule that fails does not stop the others. */
  async run(): Promise<void> {
    for (const rule of this.options.rules) {
      try {
        if (!(await this.#apply(rule))) return;
      } catch (error) {
        this.options.logger.warn({ err: error, table: rule.table }, 'expired rows are deleted in the next hour');
      }
    }
  }

  async #runHourly(): Promise<void> {
    const { clock = systemClock } = this.options;
    const { signal } = this.#stopping;
    for (let delayMs = Math.random() * hourMs; !signal.aborted; delayMs = hourMs) {
      await clock.sleep(delayMs, signal);
      if (!signal.aborted) await this.run();
    }
  }

  /** False when another replica deletes, or this one stops. */
  async #apply(rule: RetentionRule): Promise<boolean> {
    let deleted = 0;
    let batch: RetentionBatch | undefined;
    do {
      batch = await this.#deleteBatch(rule, batch?.next);
      deleted += batch?.deleted ?? 0;
    } while (batch?.next !== undefined && !this.#stopping.signal.aborted);
    if (deleted > 0) this.options.logger.info({ table: rule.table, deleted }, 'expired rows deleted');
    return batch !== undefined && !this.#stopping.signal.aborted;
  }

  /** Undefined while another replica deletes. */
  #deleteBatch(rule: RetentionRule, after: string | undefined): Promise<RetentionBatch | undefined> {
    return this.options.database.transaction(async (sql) => {
      const [lock] = await runSql<{ acquired: boolean }>(
        sql,
        `SELECT pg_try_advisory_xact_lock(hashtext('retention'), hashtext(current_schema())) AS acquired`,
      );
      return lock?.acquired ? rule.deleteBatch(sql, after) : undefined;
    });
  }
}
