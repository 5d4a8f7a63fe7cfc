/** Holds back the writes of a load, for a time in which no new one may start. */
export class WriteGate {
  readonly #running = new Set<Promise<void>>();
  #opened: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  /** Runs a write as soon as writes are not held. */
  async run(write: () => Promise<void>): Promise<void> {
    await this.#opened;
    const running = write().finally(() => this.#running.delete(running));
    this.#running.add(running);
    await running;
  }

  /** Writes that start from now on wait for `resume`. */
  hold(): void {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  /** Resolves when no write is running. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  resume(): void {
    this.#open();
  }
}
