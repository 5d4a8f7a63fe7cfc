import { setTimeout as sleep } from 'node:timers/promises';

/** Only ends a wait that would never end, as that of `waitUntil`. */
const defaultWithinMs = 60_000;

/** Reads again until the result is neither undefined nor false. @throws Error, with the last error in its message and as its cause */
export async function eventually<T>(
  what: string,
  read: () => Promise<T | undefined | false>,
  withinMs = defaultWithinMs,
): Promise<T> {
  const until = Date.now() + withinMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await read();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (thrown) {
      lastError = thrown;
    }
    if (Date.now() > until) {
      const last = lastError instanceof Error ? `: ${lastError.message}` : '';
      throw new Error(`${what} did not occur within ${withinMs} ms${last}`, { cause: lastError });
    }
    await sleep(100);
  }
}
