import { type Clock, systemClock } from '@runos/kernel';
import { AsyncResource } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { type Backoff, exponentialBackoff } from './backoff.js';
import { FairScheduler } from './fair-scheduler.js';

/** How one reconcile of a key ended. The work queue derives from it when it reconciles the key next. */
export type ReconcileResult =
  | { readonly kind: 'reconciled'; readonly requeueAfterMs?: number }
  | { readonly kind: 'requeue'; readonly reason: string; readonly requeueAfterMs?: number }
  | { readonly kind: 'error'; readonly cause: unknown }
  | { readonly kind: 'terminal'; readonly reason: string };

/** Live and desired state agree. Reconciles again after `requeueAfterMs`, or only when the key is added. */
export const reconciled = (requeueAfterMs?: number): ReconcileResult => ({ kind: 'reconciled', requeueAfterMs });

/** Healthy, but the next step depends on another party. Without `requeueAfterMs` an event must add the key. */
export const requeue = (reason: string, requeueAfterMs?: number): ReconcileResult => ({
  kind: 'requeue',
  reason,
  requeueAfterMs,
});

/** Failed for now. The queue's back-off picks the delay of the next attempt. */
export const retryAfterError = (cause: unknown): ReconcileResult => ({ kind: 'error', cause });

/** A retry cannot help. Only another desired state can, and that adds the key. */
export const terminal = (reason: string): ReconcileResult => ({ kind: 'terminal', reason });

export interface WorkQueueOptions<K extends string> {
  /** Reconciles one key. A rejection counts as an `error` result. `signal` aborts when the queue stops. */
  reconcile(key: K, signal: AbortSignal): Promise<ReconcileResult>;
  /** Over all keys. Default 8. */
  readonly maxConcurrentReconciles?: number;
  /**
   * Over the keys of one group, so that it leaves places to others. Groups are served round-robin. A key's group is the
   * text before its last `/`, such as the cluster of `<cluster>/<name>`. Default: no groups.
   */
  readonly maxConcurrentReconcilesPerGroup?: number;
  /** Delay after an `error` result. Default 0.5 s doubling to 30 s, half of it random. */
  readonly backoff?: Backoff;
  readonly clock?: Clock;
  /** Receives every result, for logs and metrics. */
  onResult?(key: K, result: ReconcileResult): void;
}

interface Entry {
  /** delayed: a timer runs; ready: in the queue; processing: being reconciled. */
  state: 'delayed' | 'ready' | 'processing';
  readyAt: number;
  failures: number;
  timer?: AbortController;
  /** Added while processing: becomes ready again at that time. */
  requeueAt?: number;
}

const defaultBackoff = exponentialBackoff({ firstMs: 500, maxMs: 30_000 });

/**
 * A rate-limited work queue in memory, as client-go has it. A key is in the queue at most once and is never reconciled
 * twice at a time. Additions coalesce and the earliest time wins; an addition while processing runs afterwards.
 * Reconciles run in the async context that created the queue, not in the context of the caller that adds a key.
 */
export class WorkQueue<K extends string> {
  readonly #entries = new Map<K, Entry>();
  readonly #scheduler: FairScheduler;
  readonly #stopping = new AbortController();
  readonly #idleWaiters: (() => void)[] = [];
  readonly #clock: Clock;
  readonly #context = new AsyncResource('WorkQueue');

  constructor(private readonly options: WorkQueueOptions<K>) {
    const { maxConcurrentReconciles: total = 8, maxConcurrentReconcilesPerGroup: perGroup = Infinity } = options;
    this.#scheduler = new FairScheduler({ total, perGroup });
    this.#clock = options.clock ?? systemClock;
    // Every wait of every reconcile listens to this signal: many listeners are no leak here.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Number of keys that are delayed, ready or processing. */
  get size(): number {
    return this.#entries.size;
  }

  /** Number of keys that are ready or processing. */
  get unfinished(): number {
    return this.#scheduler.unfinished;
  }

  /** Number of keys whose time has come, ready or processing, and the age of the oldest. */
  get backlog(): { readonly depth: number; readonly oldestMs: number } {
    const now = this.#clock.monotonicMs();
    const ages = [...this.#entries.values()].map(({ readyAt }) => now - readyAt).filter((age) => age >= 0);
    return { depth: ages.length, oldestMs: ages.reduce((a, b) => Math.max(a, b), 0) };
  }

  /** Makes `key` ready now. Without effect after `stop()`. */
  add(key: K): void {
    this.addAfter(key, 0);
  }

  /** Makes `key` ready in `delayMs`, or at its present time if that is earlier. Without effect after `stop()`. */
  addAfter(key: K, delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    const readyAt = this.#clock.monotonicMs() + delayMs;
    const entry = this.#entries.get(key);
    if (!entry) return this.#schedule(key, { state: 'delayed', readyAt, failures: 0 }, delayMs);
    if (entry.state === 'processing') entry.requeueAt = Math.min(entry.requeueAt ?? Infinity, readyAt);
    if (entry.state === 'delayed' && readyAt < entry.readyAt) {
      entry.timer?.abort();
      entry.readyAt = readyAt;
      this.#schedule(key, entry, delayMs);
    }
  }

  /** Makes every delayed key ready now. */
  flushDelayed(): void {
    for (const [key, { state }] of this.#entries) if (state === 'delayed') this.add(key);
  }

  /** Resolves when no key is ready or processing. Delayed keys do not count. */
  idle(): Promise<void> {
    if (this.unfinished === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Drops delayed and ready keys, aborts the running reconciles, and resolves when the last of them has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#scheduler.clear();
    for (const [key, entry] of this.#entries) {
      entry.timer?.abort();
      if (entry.state !== 'processing') this.#entries.delete(key);
    }
    this.#resolveIdle();
    await this.idle();
  }

  #schedule(key: K, entry: Entry, delayMs: number): void {
    this.#entries.set(key, entry);
    if (delayMs <= 0) return this.#enqueue(key, entry);
    const timer = new AbortController();
    entry.state = 'delayed';
    entry.timer = timer;
    void this.#clock.sleep(delayMs, timer.signal).then(() => {
      if (!timer.signal.aborted) this.#enqueue(key, entry);
    });
  }

  #enqueue(key: K, entry: Entry): void {
    entry.state = 'ready';
    entry.timer = undefined;
    this.#scheduler.schedule(this.#groupOf(key), () => {
      entry.state = 'processing';
      void this.#context.runInAsyncScope(() => this.#process(key, entry));
    });
  }

  /** Without a bound per group, keys are served in the order in which they became ready. */
  #groupOf(key: K): string {
    return this.options.maxConcurrentReconcilesPerGroup === undefined ? '' : key.slice(0, key.lastIndexOf('/') + 1);
  }

  async #process(key: K, entry: Entry): Promise<void> {
    const result = await this.#reconcile(key);
    this.#entries.delete(key);
    if (!this.#stopping.signal.aborted) {
      this.options.onResult?.(key, result);
      entry.failures = result.kind === 'error' ? entry.failures + 1 : 0;
      this.#requeue(key, entry, this.#delayAfter(result, entry.failures));
    }
    this.#scheduler.end(this.#groupOf(key));
    this.#resolveIdle();
  }

  async #reconcile(key: K): Promise<ReconcileResult> {
    try {
      return await this.options.reconcile(key, this.#stopping.signal);
    } catch (cause) {
      return retryAfterError(cause);
    }
  }

  #delayAfter(result: ReconcileResult, failures: number): number {
    switch (result.kind) {
      case 'error':
        return (this.options.backoff ?? defaultBackoff)(failures);
      case 'terminal':
        return Infinity;
      case 'reconciled':
      case 'requeue':
        return result.requeueAfterMs ?? Infinity;
    }
  }

  #requeue(key: K, entry: Entry, delayMs: number): void {
    const now = this.#clock.monotonicMs();
    const readyAt = Math.min(now + delayMs, entry.requeueAt ?? Infinity);
    if (readyAt === Infinity) return;
    this.#schedule(key, { state: 'delayed', readyAt, failures: entry.failures }, Math.max(0, readyAt - now));
  }

  #resolveIdle(): void {
    if (this.unfinished > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
