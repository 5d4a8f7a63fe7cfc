import { AsyncResource } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from '@runos/kernel';
import { type Backoff, exponentialBackoff } from './backoff.js';
import { retryAfterError, type ReconcileResult } from './reconcile-result.js';

export interface WorkQueueOptions<K extends string> {
  /** One turn for one key. What it throws counts as `retrying`. `signal` aborts when the queue stops. */
  run(key: K, signal: AbortSignal): Promise<ReconcileResult>;
  /** Turns at the same time, over all keys. Default 8. */
  readonly concurrency?: number;
  /** Delay after `retrying`. Default 0.5 s doubling to 30 s, half of it random. */
  readonly backoff?: Backoff;
  readonly clock?: Clock;
  /** Hears every verdict, for logs and metrics. */
  onVerdict?(key: K, verdict: ReconcileResult): void;
}

interface Entry {
  /** waiting: a timer runs; ready: in line; running: its turn is on. */
  state: 'waiting' | 'ready' | 'running';
  dueAt: number;
  failures: number;
  timer?: AbortController;
  /** Added while running: due again at that time. */
  againAt?: number;
}

const defaultBackoff = exponentialBackoff({ firstMs: 500, maxMs: 30_000 });

/**
 * Keyed work in memory. A key is at most once in the queue and never runs twice at a time: additions coalesce and
 * the soonest due time wins; what is added during a turn runs after it. Turns run in the async context that made the
 * queue: whoever adds work is not who does it, and neither its deadline nor its name holds for the work.
 */
export class WorkQueue<K extends string> {
  readonly #entries = new Map<K, Entry>();
  readonly #ready: K[] = [];
  readonly #stopping = new AbortController();
  readonly #idlers: (() => void)[] = [];
  readonly #clock: Clock;
  readonly #context = new AsyncResource('WorkQueue');
  #running = 0;

  constructor(private readonly options: WorkQueueOptions<K>) {
    this.#clock = options.clock ?? systemClock;
    // Every wait of every turn listens to it: many listeners are no leak here.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** Keys waiting, in line or running. */
  get size(): number {
    return this.#entries.size;
  }

  /** Turns that are on, and keys in line for one. */
  get busy(): number {
    return this.#running + this.#ready.length;
  }

  /** Keys that are due, in line or running, and for how long the first of them has been. */
  get due(): { readonly depth: number; readonly oldestMs: number } {
    const now = this.#clock.now().getTime();
    const ages = [...this.#entries.values()].map(({ dueAt }) => now - dueAt).filter((age) => age >= 0);
    return { depth: ages.length, oldestMs: ages.reduce((a, b) => Math.max(a, b), 0) };
  }

  /** Makes `key` due in `delayMs`, or sooner if it already is. Without effect after `stop()`. */
  add(key: K, delayMs = 0): void {
    if (this.#stopping.signal.aborted) return;
    const dueAt = this.#clock.now().getTime() + delayMs;
    const entry = this.#entries.get(key);
    if (!entry) return this.#schedule(key, { state: 'waiting', dueAt, failures: 0 }, delayMs);
    if (entry.state === 'running') entry.againAt = Math.min(entry.againAt ?? Infinity, dueAt);
    if (entry.state === 'waiting' && dueAt < entry.dueAt) {
      entry.timer?.abort();
      entry.dueAt = dueAt;
      this.#schedule(key, entry, delayMs);
    }
  }

  /** Makes everything due now that waits for a later time. */
  hasten(): void {
    for (const [key, { state }] of this.#entries) if (state === 'waiting') this.add(key);
  }

  /** Resolves when no turn is on and none is in line; what waits for a later time does not count. */
  idle(): Promise<void> {
    if (this.#running === 0 && this.#ready.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  /** Drops what has not begun, aborts the turns that are on, and resolves when the last of them has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ready.length = 0;
    for (const [key, entry] of this.#entries) {
      entry.timer?.abort();
      if (entry.state !== 'running') this.#entries.delete(key);
    }
    this.#tellIdlers();
    await this.idle();
  }

  #schedule(key: K, entry: Entry, delayMs: number): void {
    this.#entries.set(key, entry);
    if (delayMs <= 0) return this.#enqueue(key, entry);
    const timer = new AbortController();
    entry.state = 'waiting';
    entry.timer = timer;
    void this.#clock.sleep(delayMs, timer.signal).then(() => {
      if (!timer.signal.aborted) this.#enqueue(key, entry);
    });
  }

  #enqueue(key: K, entry: Entry): void {
    entry.state = 'ready';
    entry.timer = undefined;
    this.#ready.push(key);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < (this.options.concurrency ?? 8)) {
      const key = this.#ready.shift();
      const entry = key === undefined ? undefined : this.#entries.get(key);
      if (key === undefined || !entry) return this.#tellIdlers();
      entry.state = 'running';
      this.#running += 1;
      void this.#context.runInAsyncScope(() => this.#turn(key, entry));
    }
  }

  async #turn(key: K, entry: Entry): Promise<void> {
    const verdict = await this.#verdictOf(key);
    this.#running -= 1;
    this.#entries.delete(key);
    if (!this.#stopping.signal.aborted) {
      this.options.onVerdict?.(key, verdict);
      entry.failures = verdict.kind === 'retrying' ? entry.failures + 1 : 0;
      this.#again(key, entry, this.#delayAfter(verdict, entry.failures));
    }
    this.#pump();
  }

  async #verdictOf(key: K): Promise<ReconcileResult> {
    try {
      return await this.options.run(key, this.#stopping.signal);
    } catch (cause) {
      return retryAfterError(cause);
    }
  }

  #delayAfter(verdict: ReconcileResult, failures: number): number {
    if (verdict.kind === 'retrying') return (this.options.backoff ?? defaultBackoff)(failures);
    return verdict.kind === 'stalled' ? Infinity : (verdict.recheckInMs ?? Infinity);
  }

  #again(key: K, entry: Entry, verdictDelayMs: number): void {
    const now = this.#clock.now().getTime();
    const dueAt = Math.min(now + verdictDelayMs, entry.againAt ?? Infinity);
    if (dueAt === Infinity) return;
    this.#schedule(key, { state: 'waiting', dueAt, failures: entry.failures }, Math.max(0, dueAt - now));
  }

  #tellIdlers(): void {
    if (this.#running > 0 || this.#ready.length > 0) return;
    for (const resolve of this.#idlers.splice(0)) resolve();
  }
}
