import { setTimeout as sleep } from 'node:timers/promises';

/** Between a change and the work for it, ms: changes at the same time are one. Operators need as long to notice one. */
const delayMs = 100;
/** Between two attempts, ms. */
const retryMs = 1_000;

/** Work by key: one at a time for each, again after a failure, and again when a key was added during its work. */
export class KeyQueue {
  /** The keys with work that waits or runs, and whether more was added meanwhile. */
  readonly #busy = new Map<string, { again: boolean }>();
  readonly #running = new Set<Promise<void>>();

  constructor(
    /** Rejects to be called again. */
    private readonly work: (key: string) => Promise<void>,
    private readonly signal: AbortSignal,
  ) {}

  /** Does nothing after the signal. */
  add(key: string): void {
    if (this.signal.aborted) return;
    const busy = this.#busy.get(key);
    if (busy) {
      busy.again = true;
      return;
    }
    const running = this.#run(key);
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** Resolves when no work runs. Call it after the signal. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(key: string): Promise<void> {
    const state = { again: true };
    this.#busy.set(key, state);
    let waitMs = delayMs;
    while (state.again && !this.signal.aborted) {
      await sleep(waitMs, undefined, { signal: this.signal }).catch(() => undefined); // rejects when the signal aborts
      if (this.signal.aborted) break;
      state.again = false;
      waitMs = delayMs;
      await this.work(key).catch(() => {
        state.again = true;
        waitMs = retryMs;
      });
    }
    this.#busy.delete(key);
  }
}
