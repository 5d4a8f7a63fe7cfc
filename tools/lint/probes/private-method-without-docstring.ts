// as libs/kernel/src/probe.ts
// must pass
/** A class whose private methods need no docstring. */
export class Probe {
  constructor(private readonly count: number) {}

  /** The next number. */
  probe(): number {
    return this.#next();
  }

  #next(): number {
    return this.count + 1;
  }
}
