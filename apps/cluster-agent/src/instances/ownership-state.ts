import { type AllowedWriters, type KubeObject, sharingSignature } from '@runos/kube-objects';

/** The delay doubles with every time that the ownership came back, up to 128 times. */
const maxDoublings = 7;

/** Whether other managers share fields of one object with us, and since when nothing changed about that. */
export class OwnershipState {
  #signature: string | undefined;
  /** Milliseconds of the monotonic clock. Undefined: no delay has started. */
  #since: number | undefined;
  #reclaims = 0;
  readonly #reported = new Set<string>();

  /** True if a delay must start: the sharing is new or has changed. */
  get isChanged(): boolean {
    return this.#signature !== undefined && this.#since === undefined;
  }

  recordObserved(live: KubeObject, allowed: AllowedWriters): void {
    const signature = sharingSignature(live, allowed);
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.#since = undefined;
  }

  /** Milliseconds until the ownership is taken back; `now` starts the delay. Infinity: nothing is shared. */
  nextInMs(now: number, quietMs: number): number {
    if (this.#signature === undefined) return Infinity;
    this.#since ??= now;
    return this.#since + quietMs * 2 ** Math.min(this.#reclaims, maxDoublings) - now;
  }

  /** Nothing is left to take back of what is shared now. */
  recordSettled(): void {
    this.#since = Infinity;
  }

  /** The attempt waits for the delay once more. */
  recordPostponed(): void {
    this.#since = undefined;
  }

  /** Returns the managers that were not reported for this object before. */
  recordReclaimed(managers: readonly string[]): ReadonlySet<string> {
    this.#reclaims += 1;
    const added = managers.filter((manager) => !this.#reported.has(manager));
    for (const manager of added) this.#reported.add(manager);
    return new Set(added);
  }
}
