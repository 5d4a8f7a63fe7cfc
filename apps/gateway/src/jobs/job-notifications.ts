import { Injectable } from '@nestjs/common';
import type { Clock } from '@runos/kernel';

/** Wakes one follower when its job may have changed. */
export class JobFollower {
  #hasChanged = false;
  #wake: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  notify(): void {
    this.#hasChanged = true;
    this.#wake?.();
  }

  /** Resolves when the job may have changed since the last wait, after `ms`, or when `signal` aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#hasChanged) {
      const wakeUp = new AbortController();
      this.#wake = () => wakeUp.abort();
      await this.clock.sleep(ms, AbortSignal.any([wakeUp.signal, signal]));
      this.#wake = undefined;
    }
    this.#hasChanged = false;
  }
}

/** The followers of jobs in this replica. */
@Injectable()
export class JobNotifications {
  readonly #followers = new Map<string, Set<JobFollower>>();

  notify(jobId: string): void {
    for (const follower of this.#followers.get(jobId) ?? []) follower.notify();
  }

  /** Registers a follower until the returned function is called. */
  add(jobId: string, follower: JobFollower): () => void {
    const followers = this.#followers.get(jobId) ?? new Set();
    this.#followers.set(jobId, followers.add(follower));
    return () => {
      followers.delete(follower);
      if (followers.size === 0) this.#followers.delete(jobId);
    };
  }
}
