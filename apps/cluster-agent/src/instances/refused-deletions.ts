import type { Backoff } from '@runos/engine';
import type { Dependent } from './instance-facts.js';

interface RefusedDeletion {
  readonly refusal: Dependent;
  readonly attempts: number;
  /** Milliseconds of the monotonic clock. */
  readonly notBefore: number;
}

/** The objects of a removal whose deletion is refused, each with the time of the next request. */
export class RefusedDeletions {
  readonly #refused = new Map<string, RefusedDeletion>();

  constructor(private readonly backoff: Backoff) {}

  record(key: string, refusal: Dependent, now: number): void {
    const attempts = (this.#refused.get(key)?.attempts ?? 0) + 1;
    this.#refused.set(key, { refusal, attempts, notBefore: now + this.backoff(attempts) });
  }

  /** The last refusal of an object whose deletion must not be requested again yet. */
  delayed(key: string, now: number): Dependent | undefined {
    const refused = this.#refused.get(key);
    return refused !== undefined && now < refused.notBefore ? refused.refusal : undefined;
  }

  /** The deletion was accepted, or the object is gone. */
  clear(key: string): void {
    this.#refused.delete(key);
  }

  /** Milliseconds until the next request. Infinity: nothing is refused. */
  nextInMs(now: number): number {
    return [...this.#refused.values()].reduce((next, { notBefore }) => Math.min(next, notBefore - now), Infinity);
  }

  /** All deletions may be requested now, because what refused them may be gone. */
  retryNow(): void {
    for (const [key, refused] of this.#refused) this.#refused.set(key, { ...refused, notBefore: 0 });
  }
}
