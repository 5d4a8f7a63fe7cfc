import { Batcher } from '@runos/engine';
import { inSpanOfAll, SpanKind, traceHeaders } from '@runos/observability';
import { sqlState, sqlStateOf, type TransactionOptions } from '@runos/persistence';
import { AsyncLocalStorage } from 'node:async_hooks';

/** A transaction that delays other items fails after this wait for a row lock, ms. */
export const lockTimeoutMs = 250;

/** An item of a batch with the async context in which it was added: its trace and its call. */
export class BatchItem<T> {
  readonly #run = AsyncLocalStorage.snapshot();

  constructor(readonly value: T) {}

  /** Runs `work` in the context of this item. */
  run<R>(work: () => R): R {
    return this.#run(work);
  }
}

interface TracedBatcherOptions<In, Out> {
  /** The name of the span of a batch. */
  readonly name: string;
  /** Items of different keys share no batch, and do not wait for each other. Default: all have the same key. */
  keyOf?(value: In): string;
  readonly maxBatchSize: number;
  /** Under load a batch is collected for this long, ms. */
  readonly lingerMs: number;
  /** At most this many transactions at a time. Default 4. */
  readonly maxConcurrentBatches?: number;
  /** A batch that takes longer no longer delays the next one, ms. Default 250. */
  readonly maxBlockingMs?: number;
  /** `transaction`: the options for a transaction that writes these items. */
  run(items: readonly BatchItem<In>[], transaction: TransactionOptions): Promise<readonly Out[]>;
}

/**
 * A batcher of transactions whose items keep their traces. The span of a batch is linked to the trace of every item.
 * Code that runs in the context of an item continues the trace of that item. An item whose rows are locked waits alone,
 * after the other items of its batch are written.
 */
export class TracedBatcher<In, Out> {
  /** The batchers of the keys that have items now. */
  readonly #batchers = new Map<string, Batcher<BatchItem<In>, Out>>();

  constructor(private readonly options: TracedBatcherOptions<In, Out>) {}

  add(value: In): Promise<Out> {
    const key = this.options.keyOf?.(value) ?? '';
    const batcher = this.#batchers.get(key) ?? this.#create(key);
    return batcher.add(new BatchItem(value));
  }

  #create(key: string): Batcher<BatchItem<In>, Out> {
    const { name, run, ...options } = this.options;
    const batcher = new Batcher<BatchItem<In>, Out>({
      ...options,
      onIdle: () => this.#batchers.delete(key),
      isBlocked: (cause) => sqlStateOf(cause) === sqlState.lockNotAvailable,
      run: (items, mayWait) => {
        const traces = items.map((item) => item.run(traceHeaders));
        const transaction = mayWait ? {} : { lockTimeoutMs };
        return inSpanOfAll(name, { kind: SpanKind.INTERNAL }, traces, () => run(items, transaction));
      },
    });
    this.#batchers.set(key, batcher);
    return batcher;
  }
}
