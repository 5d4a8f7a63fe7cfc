import { repository } from '../options.js';

/** The checkout from whose build each process starts: the same for all, until a process is upgraded to this one. */
export class Builds {
  readonly #checkouts = new Map<string, string>();

  constructor(private readonly from: string = repository) {}

  checkoutOf(process: string): string {
    const checkout = this.#checkouts.get(process) ?? this.from;
    this.#checkouts.set(process, checkout);
    return checkout;
  }

  /** Its next start uses the build of this checkout. @throws Error with one sentence when that changes nothing */
  upgrade(process: string): void {
    const checkout = this.#checkouts.get(process);
    if (checkout === undefined) throw new Error(`${process} belongs to no build: it cannot be upgraded.`);
    if (checkout === repository) throw new Error(`${process} runs the build of ${repository} already.`);
    this.#checkouts.set(process, repository);
  }
}
