/** Lets at most a number of requests run at a time; the others wait in their order. */
export class RequestLimit {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly max: number) {}

  /** The result of the request, as soon as it may run. */
  async run<Result>(request: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await request();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
