import { repository } from '../options.js';

/** From which checkout's build each process is started: one for all, until it is upgraded to this one's. */
export class Builds {
  readonly #of = new Map<string, string>();

  constructor(private readonly from: string = repository) {}

  of(process: string): string {
    const checkout = this.#of.get(process) ?? this.from;
    this.#of.set(process, checkout);
    return checkout;
  }

  /** Its next start is from this checkout. @throws Error with one sentence where that makes no difference */
  upgrade(process: string): void {
    const checkout = this.#of.get(process);
    if (checkout === undefined) throw new Error(`${process} belongs to no build: it cannot be upgraded.`);
    if (checkout === repository) throw new Error(`${process} runs the build of ${repository} already.`);
    this.#of.set(process, repository);
  }
}
