import { type Clock, systemClock } from '@runos/kernel';

/** First and longest pause between two tries. */
const firstPauseMs = 2_000;
const longestPauseMs = 60_000;

/** Tries until it works, telling each failure, ever more slowly; throws only when `signal` aborts. */
export async function untilDone<T>(
  action: () => Promise<T>,
  tell: (line: string) => void,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<T> {
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      tell(`${(error as Error).message}; tried again in ${pause / 1_000} s, jobs for the cluster wait`);
    }
    await clock.sleep(pause, signal);
    signal.throwIfAborted();
  }
}
