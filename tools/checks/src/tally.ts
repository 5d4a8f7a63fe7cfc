/** true when a check passed, otherwise the reason; false when the reason has been printed already. */
export type Outcome = boolean | string;

/** Counts passed and failed checks; prints every failure when it happens and again at the end. */
export class Tally {
  #passed = 0;
  readonly #failures: string[] = [];
  readonly #skipped: string[] = [];

  constructor(private readonly print: (line: string) => void) {}

  add(passed: number, failures: readonly string[], skipped: readonly string[] = []): void {
    this.#passed += passed;
    this.#failures.push(...failures);
    this.#skipped.push(...skipped);
  }

  /** Runs one check, prints its result and duration. An error that it throws is its failure. */
  async check(title: string, work: () => Promise<Outcome> | Outcome): Promise<boolean> {
    const started = performance.now();
    this.print(`\n── ${title}`);
    const outcome = await new Promise<Outcome>((resolve) => resolve(work())).catch(sentenceOf);
    const hasPassed = outcome === true;
    this.add(hasPassed ? 1 : 0, hasPassed ? [] : [`${title}: ${outcome === false ? 'see above' : outcome}`]);
    this.print(`── ${title}: ${hasPassed ? 'ok' : 'FAILED'} (${((performance.now() - started) / 1_000).toFixed(1)} s)`);
    return hasPassed;
  }

  /** Prints the failures, and the counts alone on the last line. Returns whether everything passed. */
  report(): boolean {
    for (const test of this.#skipped) this.print(`○ ${test}`);
    for (const failure of this.#failures) this.print(`✗ ${failure}`);
    const skipped = this.#skipped.length > 0 ? `, ${this.#skipped.length} skipped` : '';
    this.print(`${this.#passed} passed, ${this.#failures.length} failed${skipped}`);
    return this.#failures.length === 0;
  }
}

export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
