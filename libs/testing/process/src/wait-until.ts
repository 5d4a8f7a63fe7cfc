import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How long a wait lasts at most if its caller names nothing else. It only ends a wait that would never end, because a
 * machine that is several times slower or busier has to pass the same tests. Name a shorter deadline only where it is
 * expected to pass.
 */
const defaultDeadlineMs = 60_000;

interface WaitOptions {
  /** Without it: one minute. */
  readonly deadlineMs?: number;
  readonly everyMs?: number;
  /** The message of the error at the deadline. */
  readonly because: () => string;
  /** Ends the wait early, with an error. */
  readonly signal?: AbortSignal;
}

/**
 * Checks every `everyMs` until the condition holds. For conditions without an event: the readiness of another program,
 * or the end of a process that is not a child.
 * @throws Error with the message of `because` at the deadline
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { deadlineMs = defaultDeadlineMs, everyMs = 20, because, signal }: WaitOptions,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    signal?.throwIfAborted();
    if (performance.now() >= end) throw new Error(because());
    await sleep(everyMs);
  }
}
