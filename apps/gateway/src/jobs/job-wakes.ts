import { Injectable } from '@nestjs/common';
import type { Clock } from '@runos/kernel';
import { NatsConnector } from '@runos/messaging';

/** Tells one follower that its job may have changed. */
export class Watch {
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  notify(): void {
    this.#changed = true;
    this.#wake?.();
  }

  /** Until something may have changed since the last wait, `ms` are over or `signal` aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#changed) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await this.clock.sleep(ms, AbortSignal.any([woken.signal, signal]));
      this.#wake = undefined;
    }
    this.#changed = false;
  }
}

/** Who follows which job here. */
@Injectable()
export class JobWakes {
  readonly #watches = new Map<string, Set<Watch>>();

  constructor(link: NatsConnector) {
    // What happened while we could not hear is unknown.
    link.onConnect(() => [...this.#watches.keys()].forEach((id) => this.wake(id)));
  }

  wake(jobId: string): void {
    for (const watch of this.#watches.get(jobId) ?? []) watch.notify();
  }

  /** Watches a job until the returned function is called. */
  add(jobId: string, watch: Watch): () => void {
    const watches = this.#watches.get(jobId) ?? new Set();
    this.#watches.set(jobId, watches.add(watch));
    return () => {
      watches.delete(watch);
      if (watches.size === 0) this.#watches.delete(jobId);
    };
  }
}
