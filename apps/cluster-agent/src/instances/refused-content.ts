/** The content of a live object that our last attempts could not change, as hashes. */
export class RefusedContent {
  #blocked: string | undefined;
  #failed: string | undefined;

  /** Of a blocked object. Returns true if it has changed, so that another attempt may succeed. */
  recordBlocked(hash: string): boolean {
    const isNew = hash !== this.#blocked;
    this.#blocked = hash;
    return isNew;
  }

  /** Of an object whose repair has failed. Returns true if it is new, and so worth a report. */
  recordFailedRepair(hash: string): boolean {
    const isNew = hash !== this.#failed;
    this.#failed = hash;
    return isNew;
  }

  /** An attempt was successful, or another state is desired. */
  clear(): void {
    this.#blocked = undefined;
    this.#failed = undefined;
  }
}
