import { type Clock, systemClock } from '@runos/kernel';

export interface BatcherOptions<In, Out> {
  /**
   * Processes all items or none. Returns one result per item, in the same order. With `mayWait`, no other item waits for
   * these. Without it, `run` should fail soon when an item is blocked, such as by a lock.
   */
  run(items: readonly In[], mayWait: boolean): Promise<readonly Out[]>;
  /** Whether a failure means that an item was blocked. Such items of a failed batch run again after the others. */
  isBlocked?(cause: unknown): boolean;
  readonly maxBatchSize: number;
  /** How long the batcher collects items after a batch of several, ms. Default 0. */
  readonly lingerMs?: number;
  /** A batch that takes longer no longer delays the next one, ms. Default 250. */
  readonly maxBlockingMs?: number;
  /** At most this many batches run at a time, each with one transaction. Default 4. */
  readonly maxConcurrentBatches?: number | undefined;
  /** Is called when no item is left, running or pending. */
  readonly onIdle?: () => void;
  readonly clock?: Clock;
}

/** Items of a failed batch that are repeated at a time. */
const concurrentRepeats = 2;

interface PendingItem<In, Out> {
  readonly item: In;
  resolve(out: Out): void;
  reject(cause: unknown): void;
}

/**
 * Combines concurrent calls: one round trip serves all items that arrive together or while a batch is running.
 * A single item is processed without delay.
 */
export class Batcher<In, Out> {
  #pending: PendingItem<In, Out>[] = [];
  readonly #batches = new Set<Promise<void>>();
  #isRunning = false;

  constructor(private readonly options: BatcherOptions<In, Out>) {}

  /** The result of `run` for this item. An item that fails does not fail the others of its batch. */
  add(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, resolve, reject });
      if (!this.#isRunning) void this.#runPending();
    });
  }

  async #runPending(): Promise<void> {
    const {
      maxBatchSize,
      lingerMs = 0,
      maxBlockingMs = 250,
      maxConcurrentBatches = 4,
      clock = systemClock,
    } = this.options;
    this.#isRunning = true;
    await Promise.resolve(); // collects what is added in the same iteration of the event loop
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, maxBatchSize);
      const ended = new AbortController();
      const done = this.#runBatch(batch).finally(() => {
        this.#batches.delete(done);
        ended.abort();
        this.#signalIdle();
      });
      this.#batches.add(done);
      await Promise.race([done, clock.sleep(maxBlockingMs, ended.signal)]);
      if (this.#batches.size >= maxConcurrentBatches) await Promise.race(this.#batches);
      if (batch.length > 1 && batch.length < maxBatchSize && lingerMs > 0) await clock.sleep(lingerMs);
    }
    this.#isRunning = false;
    this.#signalIdle();
  }

  #signalIdle(): void {
    if (!this.#isRunning && this.#batches.size === 0) this.options.onIdle?.();
  }

  async #runBatch(batch: readonly PendingItem<In, Out>[]): Promise<void> {
    try {
      await this.#run(batch, batch.length === 1);
    } catch (cause) {
      const [only, ...others] = batch;
      if (others.length === 0) return only?.reject(cause);
      const blocked = await this.#runEach(batch, false);
      await this.#runEach(blocked, true);
    }
  }

  /** Runs each item alone. Returns those that are blocked, unless they may wait. */
  async #runEach(items: readonly PendingItem<In, Out>[], mayWait: boolean): Promise<readonly PendingItem<In, Out>[]> {
    const blocked: PendingItem<In, Out>[] = [];
    const left = items.values();
    const runLeft = async (): Promise<void> => {
      for (const one of left) {
        await this.#run([one], mayWait).catch((cause: unknown) => {
          if (!mayWait && this.options.isBlocked?.(cause)) blocked.push(one);
          else one.reject(cause);
        });
      }
    };
    // Few at a time: all together would take every connection of a pool. One alone would wait for a lock before all.
    await Promise.all(Array.from({ length: concurrentRepeats }, runLeft));
    return blocked;
  }

  async #run(batch: readonly PendingItem<In, Out>[], mayWait: boolean): Promise<void> {
    const items = batch.map(({ item }) => item);
    const results = await this.options.run(items, mayWait);
    if (results.length !== batch.length) throw new Error(`${batch.length} items have ${results.length} results`);
    // `Out` may include undefined, so the length above is the check.
    batch.forEach(({ resolve }, index) => resolve(results[index] as Out));
  }
}
