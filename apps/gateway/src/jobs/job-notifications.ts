import { Injectable } from '@nestjs/common';
import type { jobs } from '@runos/contracts';
import type { Clock } from '@runos/kernel';
import type { z } from 'zod';

/** The event that a job has changed. */
export type JobChange = z.output<typeof jobs.jobChanged.body>;

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

/** What listens to the completed jobs of one account. */
interface AccountListener {
  readonly aid: string;
  readonly listener: () => void;
}

/** The followers of jobs in this replica. */
@Injectable()
export class JobNotifications {
  readonly #followers = new Map<string, Set<JobFollower>>();
  readonly #listeners = new Set<AccountListener>();

  notify({ id, aid, status }: JobChange): void {
    for (const follower of this.#followers.get(id) ?? []) follower.notify();
    if (status !== 'completed') return;
    for (const each of this.#listeners) if (each.aid === aid) each.listener();
  }

  /** Calls `listener` after each completed job of the account, until the returned function is called. */
  onCompleted(aid: string, listener: () => void): () => void {
    const added = { aid, listener };
    this.#listeners.add(added);
    return () => this.#listeners.delete(added);
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
