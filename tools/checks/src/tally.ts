/** How a check went: true, or a sentence about what is wrong; false when that stands above already. */
export type Outcome = boolean | string;

/** Counts what was checked; every failure is told when it happens and again at the end. */
export class Tally {
  #passed = 0;
  readonly #failures: string[] = [];

  constructor(private readonly print: (line: string) => void) {}

  add(passed: number, failures: readonly string[]): void {
    this.#passed += passed;
    this.#failures.push(...failures);
  }

  /** One check: prints how it went and how long it took. What it throws is its failure. */
  async check(title: string, work: () => Promise<Outcome> | Outcome): Promise<boolean> {
    const began = performance.now();
    this.print(`\n── ${title}`);
    const outcome = await new Promise<Outcome>((resolve) => resolve(work())).catch(sentenceOf);
    const passed = outcome === true;
    this.add(passed ? 1 : 0, passed ? [] : [`${title}: ${outcome === false ? 'see above' : outcome}`]);
    this.print(`── ${title}: ${passed ? 'ok' : 'FAILED'} (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
    return passed;
  }

  /** The last word of a run: what failed, and alone on the last line the counts. Answers whether all passed. */
  report(): boolean {
    for (const failure of this.#failures) this.print(`✗ ${failure}`);
    this.print(`${this.#passed} passed, ${this.#failures.length} failed`);
    return this.#failures.length === 0;
  }
}

export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
