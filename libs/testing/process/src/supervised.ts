import { type Clock, systemClock } from '@runos/kernel';

/** Something that runs: what `startChild`, `startPostgres` and `startNats` answer. */
export interface Running {
  readonly pid: number;
  /** Resolves with one line that says how it ended. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface SupervisedOptions {
  /** Told in one line: every unwanted end, every new start, every start that failed. */
  readonly onEvent?: (line: string) => void;
  readonly clock?: Clock;
}

/** After the first unwanted end, doubled each time; back to the start once it has run for `quietAfterMs`. */
const firstDelayMs = 250;
const longestDelayMs = 30_000;
const quietAfterMs = 60_000;

/**
 * Keeps one thing running: starts it again, ever later, when it ends unasked. `begin` resolves when it is ready and
 * gives up, leaving nothing behind, when its signal aborts.
 */
export class Supervised {
  #running: Running | undefined;
  #wanted: AbortController | undefined;
  #keeper: Promise<void> = Promise.resolve();
  readonly #clock: Clock;

  constructor(
    readonly name: string,
    private readonly begin: (signal: AbortSignal) => Promise<Running>,
    private readonly options: SupervisedOptions = {},
  ) {
    this.#clock = options.clock ?? systemClock;
  }

  /** undefined while it is down. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** Stopped on purpose, or never started. */
  get stopped(): boolean {
    return this.#wanted === undefined;
  }

  /** Resolves when it is ready; throws, and leaves it stopped, when that fails or `stop` comes in between. */
  async start(): Promise<void> {
    if (this.#wanted) return;
    const wanted = new AbortController();
    this.#wanted = wanted;
    const first = this.begin(wanted.signal);
    this.#keeper = first.then(
      (running) => this.#keep(running, wanted.signal),
      () => undefined, // told to the caller below
    );
    try {
      await first;
    } catch (error) {
      if (this.#wanted === wanted) this.#wanted = undefined;
      throw error;
    }
    if (wanted.signal.aborted) throw new Error(`${this.name} was stopped while it started`);
  }

  /** Resolves when it is really down; it stays down until `start`. */
  async stop(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.abort();
    await this.#running?.stop();
    await this.#keeper;
  }

  async #keep(first: Running, signal: AbortSignal): Promise<void> {
    let running: Running | undefined = first;
    let delay = firstDelayMs;
    let since = this.#clock.now().getTime();
    this.#running = first;
    if (signal.aborted) await first.stop();
    while (!signal.aborted) {
      if (running) {
        const how: string = await running.ended;
        this.#running = undefined;
        if (signal.aborted) return;
        if (this.#clock.now().getTime() - since > quietAfterMs) delay = firstDelayMs;
        this.options.onEvent?.(`${how}, starting it again in ${delay} ms`);
      }
      await this.#clock.sleep(delay, signal);
      delay = Math.min(delay * 2, longestDelayMs);
      if (signal.aborted) return;
      running = await this.#again(delay, signal);
      since = this.#clock.now().getTime();
      if (signal.aborted) await running?.stop();
    }
    this.#running = undefined;
  }

  async #again(nextDelay: number, signal: AbortSignal): Promise<Running | undefined> {
    try {
      const running = await this.begin(signal);
      this.#running = running;
      this.options.onEvent?.(`${this.name} runs again (process ${running.pid})`);
      return running;
    } catch (error) {
      if (signal.aborted) return undefined; // it was stopped while it started again: that is no failure
      this.options.onEvent?.(`${(error as Error).message}; the next try is in ${nextDelay} ms`);
      return undefined;
    }
  }
}
