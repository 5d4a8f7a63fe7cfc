/** What can be told to stop reading for a while. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

export interface Pace {
  /** Messages per second in the long run. */
  readonly perSecond: number;
  /** Messages at once after a quiet time. */
  readonly burst: number;
  /** Messages being worked on at the same time. */
  readonly inFlight: number;
}

/** Slows an agent down instead of drowning: what it sends too fast stays on its side of the connection. */
export class Pacer {
  #allowance: number;
  #at = performance.now();
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly pace: Pace) {
    this.#allowance = pace.burst;
  }

  begin(source: Pausable): void {
    const now = performance.now();
    const { perSecond, burst, inFlight } = this.pace;
    this.#allowance = Math.min(burst, this.#allowance + ((now - this.#at) / 1_000) * perSecond) - 1;
    this.#at = now;
    this.#inFlight += 1;
    if (this.#allowance < 1 && this.#timer === undefined) {
      source.pause();
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          this.#maybeResume(source);
        },
        Math.ceil(((1 - this.#allowance) / perSecond) * 1_000),
      );
    } else if (this.#inFlight >= inFlight) source.pause();
  }

  end(source: Pausable): void {
    this.#inFlight -= 1;
    this.#maybeResume(source);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #maybeResume(source: Pausable): void {
    if (this.#timer === undefined && this.#inFlight < this.pace.inFlight) source.resume();
  }
}
