import { unavailable } from '@runos/kernel';
import { FairScheduler } from './fair-scheduler.js';

export interface ConcurrencyLimitOptions {
  /** Over all keys. */
  readonly total: number;
  /** Of one key. */
  readonly perKey: number;
  /** Work of one key beyond this, which cannot start at once, is refused. Default: no bound. */
  readonly maxWaitingPerKey?: number;
}

/** Bounds concurrent work, in total and of each key. Keys with waiting work are served round-robin. */
export class ConcurrencyLimit {
  readonly #scheduler: FairScheduler;

  constructor(private readonly options: ConcurrencyLimitOptions) {
    this.#scheduler = new FairScheduler({ total: options.total, perGroup: options.perKey });
  }

  /**
   * The result of `work`, which starts when both bounds allow it, in the async context of the caller.
   * @throws Fault `unavailable` when too much work of the key waits
   */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const { maxWaitingPerKey = Infinity } = this.options;
    const isFull = !this.#scheduler.canStart(key) && this.#scheduler.waitingOf(key) >= maxWaitingPerKey;
    if (isFull) throw unavailable(`${key} has too much work.`);
    await new Promise<void>((resolve) => this.#scheduler.schedule(key, resolve));
    try {
      return await work();
    } finally {
      this.#scheduler.end(key);
    }
  }
}
