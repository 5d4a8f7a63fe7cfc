import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks every `everyMs` until the answer is true; throws what `because` says at the deadline.
 * For what has no event to wait for: another program's readiness, a process that is not our child.
 */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  { deadlineMs, everyMs = 20, because }: { deadlineMs: number; everyMs?: number; because: () => string },
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() >= end) throw new Error(because());
    await sleep(everyMs);
  }
}
