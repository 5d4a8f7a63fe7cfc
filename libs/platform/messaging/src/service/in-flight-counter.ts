/** Counts running work and reports when it is idle. */
export class InFlightCounter {
  #count = 0;
  #idle: (() => void)[] = [];

  /** The number of works that run now. */
  get count(): number {
    return this.#count;
  }

  /** Counts the work until it has settled, and passes its result or error on. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#idle.splice(0).forEach((resolve) => resolve());
    }
  }

  /** Resolves when no work runs, at most after `ms`. */
  async idle(ms: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
