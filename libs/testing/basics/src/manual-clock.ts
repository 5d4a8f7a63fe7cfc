import type { Clock } from '@runos/kernel';

interface Sleeper {
  readonly wakeAt: number;
  wake(): void;
}

/** A clock that advances only by `advance`; sleepers wake in the order of their deadlines. */
export class ManualClock implements Clock {
  /** Wall-clock time, ms since the epoch, at the monotonic time 0. */
  #epoch: number;
  #elapsed = 0;
  #sleepers: Sleeper[] = [];
  #watchers: (() => void)[] = [];

  constructor(start = '2030-01-01T00:00:00.000Z') {
    this.#epoch = Date.parse(start);
  }

  /** Wall-clock time: `advance` and `step` move it. */
  now(): Date {
    return new Date(this.#epoch + this.#elapsed);
  }

  /** The sum of all advances, ms. */
  monotonicMs(): number {
    return this.#elapsed;
  }

  /** Steps the wall clock by `ms`, as an administrator or NTP does. No time passes: sleepers are not affected. */
  step(ms: number): void {
    this.#epoch += ms;
  }

  /** The number of current sleepers. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Resolves once there is a sleeper, at once when there is one already. */
  asleep(): Promise<void> {
    if (this.#sleepers.length > 0) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  /** Resolves when `advance` passes the deadline, or `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { wakeAt: this.#elapsed + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      for (const notify of this.#watchers.splice(0)) notify();
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        resolve();
      });
    });
  }

  /** Advances by `ms`, wakes the sleepers whose deadlines pass, and lets the promises that depend on them settle. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await flushPromises();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#sleepers = this.#sleepers.filter((one) => one !== next);
      this.#elapsed = Math.max(this.#elapsed, next.wakeAt);
      next.wake();
      await flushPromises();
    }
    this.#elapsed = until;
  }

  #next(until: number): Sleeper | undefined {
    const ready = this.#sleepers.filter((one) => one.wakeAt <= until);
    return ready.sort((a, b) => a.wakeAt - b.wakeAt)[0];
  }
}

/** After one iteration of the event loop, every promise without input or output has settled. */
const flushPromises = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
