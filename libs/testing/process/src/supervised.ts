import { type Clock, systemClock } from '@runos/kernel';

/** A running program, as `startChild`, `startPostgres` and `startNats` return it. */
export interface Running {
  readonly pid: number;
  /** Resolves with one line that describes how it ended. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface SupervisedOptions {
  /** Receives one line for every unexpected end, every restart and every failed start. */
  readonly onEvent?: (line: string) => void;
  readonly clock?: Clock;
}

/** The back-off doubles after each unexpected end, and starts again once the program has run for `stableAfterMs`. */
const minDelayMs = 250;
const maxDelayMs = 30_000;
const stableAfterMs = 60_000;

/**
 * Keeps one program running: restarts it with back-off when it ends by itself. `startOnce` resolves when the program is
 * ready; when its signal aborts, it gives up and stops the program.
 */
export class Supervised {
  #running: Running | undefined;
  #run: AbortController | undefined;
  #loop: Promise<void> = Promise.resolve();
  readonly #clock: Clock;

  constructor(
    readonly name: string,
    private readonly startOnce: (signal: AbortSignal) => Promise<Running>,
    private readonly options: SupervisedOptions = {},
  ) {
    this.#clock = options.clock ?? systemClock;
  }

  /** undefined while it is down. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** Stopped on purpose, or never started. */
  get isStopped(): boolean {
    return this.#run === undefined;
  }

  /** Resolves when it is ready. @throws Error, and leaves it stopped, when the start fails or `stop` interrupts it */
  async start(): Promise<void> {
    if (this.#run) return;
    const run = new AbortController();
    this.#run = run;
    const first = this.startOnce(run.signal);
    this.#loop = first.then(
      (running) => this.#supervise(running, run.signal),
      () => undefined, // thrown to the caller below
    );
    try {
      await first;
    } catch (error) {
      if (this.#run === run) this.#run = undefined;
      throw error;
    }
    if (run.signal.aborted) throw new Error(`${this.name} was stopped while it started`);
  }

  /** Resolves when it has ended; it stays down until `start`. */
  async stop(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    run?.abort();
    await this.#running?.stop();
    await this.#loop;
  }

  async #supervise(first: Running, signal: AbortSignal): Promise<void> {
    let running: Running | undefined = first;
    let delay = minDelayMs;
    let since = this.#clock.monotonicMs();
    this.#running = first;
    if (signal.aborted) await first.stop();
    while (!signal.aborted) {
      if (running) {
        const outcome: string = await running.ended;
        this.#running = undefined;
        if (signal.aborted) return;
        if (this.#clock.monotonicMs() - since > stableAfterMs) delay = minDelayMs;
        this.options.onEvent?.(`${outcome}, restarting it in ${delay} ms`);
      }
      await this.#clock.sleep(delay, signal);
      delay = Math.min(delay * 2, maxDelayMs);
      if (signal.aborted) return;
      running = await this.#restart(delay, signal);
      since = this.#clock.monotonicMs();
      if (signal.aborted) await running?.stop();
    }
    this.#running = undefined;
  }

  async #restart(nextDelay: number, signal: AbortSignal): Promise<Running | undefined> {
    try {
      const running = await this.startOnce(signal);
      this.#running = running;
      this.options.onEvent?.(`${this.name} runs again (process ${running.pid})`);
      return running;
    } catch (error) {
      if (signal.aborted) return undefined; // stopped during the restart: not a failure
      this.options.onEvent?.(`${(error as Error).message}; the next attempt is in ${nextDelay} ms`);
      return undefined;
    }
  }
}
