import { type Clock, systemClock } from '@runos/kernel';

/** The first and the longest delay between two attempts. */
const minDelayMs = 2_000;
const maxDelayMs = 60_000;

/** Retries with back-off until the action succeeds, and reports each failure. @throws only when `signal` aborts */
export async function retryUntilDone<T>(
  action: () => Promise<T>,
  report: (line: string) => void,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<T> {
  for (let delayMs = minDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      report(`${(error as Error).message}; the next attempt is in ${delayMs / 1_000} s, jobs for the cluster wait`);
    }
    await clock.sleep(delayMs, signal);
    signal.throwIfAborted();
  }
}
