import { setTimeout as sleep } from 'node:timers/promises';

interface WaitOptions {
  readonly deadlineMs: number;
  readonly everyMs?: number;
  /** The sentence of the error at the deadline. */
  readonly because: () => string;
  /** Ends the waiting early, with an error. */
  readonly signal?: AbortSignal;
}

/**
 * Asks every `everyMs` until the answer is true; throws what `because` says at the deadline.
 * For what has no event to wait for: another program's readiness, a process that is not our child.
 */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  { deadlineMs, everyMs = 20, because, signal }: WaitOptions,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    signal?.throwIfAborted();
    if (performance.now() >= end) throw new Error(because());
    await sleep(everyMs);
  }
}
