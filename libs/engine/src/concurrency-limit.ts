import { unavailable } from '@runos/kernel';

export interface ConcurrencyLimitOptions {
  /** Over all keys. */
  readonly total: number;
  /** Of one key. */
  readonly perKey: number;
  /** Work of one key beyond this, which cannot start at once, is refused. Default: no bound. */
  readonly maxWaitingPerKey?: number;
}

interface KeyedWork {
  running: number;
  /** Each starts one that waits. */
  readonly waiting: (() => void)[];
}

/** Bounds concurrent work, in total and of each key. Keys with waiting work are served round-robin. */
export class ConcurrencyLimit {
  /** The keys with work, in the order in which they are served. */
  readonly #keys = new Map<string, KeyedWork>();
  #running = 0;

  constructor(private readonly options: ConcurrencyLimitOptions) {}

  /**
   * The result of `work`, which starts when both bounds allow it, in the async context of the caller.
   * @throws Fault `unavailable` when too much work of the key waits
   */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    await this.#start(key);
    try {
      return await work();
    } finally {
      this.#end(key);
    }
  }

  async #start(key: string): Promise<void> {
    const { total, perKey, maxWaitingPerKey = Infinity } = this.options;
    const known = this.#keys.get(key);
    const mustWait = this.#running >= total || (known?.running ?? 0) >= perKey;
    if (mustWait && (known?.waiting.length ?? 0) >= maxWaitingPerKey) throw unavailable(`${key} has too much work.`);
    const started = new Promise<void>((resolve) => {
      if (known === undefined) this.#keys.set(key, { running: 0, waiting: [resolve] });
      else known.waiting.push(resolve);
    });
    this.#startWaiting();
    await started;
  }

  #end(key: string): void {
    const ended = this.#keys.get(key);
    if (ended === undefined) return;
    this.#running -= 1;
    ended.running -= 1;
    if (ended.running === 0 && ended.waiting.length === 0) this.#keys.delete(key);
    this.#startWaiting();
  }

  #startWaiting(): void {
    const { total, perKey } = this.options;
    for (const [key, work] of [...this.#keys]) {
      if (this.#running >= total) return;
      const next = work.running < perKey ? work.waiting.shift() : undefined;
      if (next === undefined) continue;
      this.#running += 1;
      work.running += 1;
      this.#keys.delete(key);
      this.#keys.set(key, work); // it is served after the others
      next();
    }
  }
}
