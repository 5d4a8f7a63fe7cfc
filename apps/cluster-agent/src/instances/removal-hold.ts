/** A pause of a removal, in which the plane may revert it. Times are ms of the monotonic clock. */
export class RemovalHold {
  #until = 0;

  /** Starts no deletion before then. */
  start(until: number): void {
    this.#until = until;
  }

  release(): void {
    this.#until = 0;
  }

  /** How long the removal still waits, ms; 0 if it is not held. */
  remainingMs(now: number): number {
    return Math.max(0, this.#until - now);
  }
}
