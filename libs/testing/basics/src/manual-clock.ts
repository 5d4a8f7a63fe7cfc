import type { Clock } from '@runos/kernel';

interface Sleeper {
  readonly wakeAt: number;
  wake(): void;
}

/** A clock that stands still until `advance` moves it; sleepers wake in order of their time. */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: Sleeper[] = [];
  #watchers: (() => void)[] = [];

  constructor(start = '2030-01-01T00:00:00.000Z') {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** How many sleep right now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Resolves once somebody sleeps (at once when somebody does already): no polling, no real wait. */
  asleep(): Promise<void> {
    if (this.#sleepers.length > 0) return Promise.resolve();
    return new Promise((tell) => this.#watchers.push(tell));
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { wakeAt: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      for (const tell of this.#watchers.splice(0)) tell();
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        resolve();
      });
    });
  }

  /** Moves time by `ms`, waking whoever is due on the way, and lets the promises that follow from it settle. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#sleepers = this.#sleepers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.wakeAt);
      next.wake();
      await settle();
    }
    this.#now = until;
  }

  #next(until: number): Sleeper | undefined {
    const due = this.#sleepers.filter((one) => one.wakeAt <= until);
    return due.sort((a, b) => a.wakeAt - b.wakeAt)[0];
  }
}

/** One turn of the event loop: every promise that needs no input or output has settled by then. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
