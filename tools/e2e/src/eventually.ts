import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again until the answer is neither undefined nor false; fails with what was waited for and the last trouble. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | undefined | false>,
): Promise<T> {
  const until = Date.now() + withinMs;
  let trouble: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      trouble = undefined;
    } catch (thrown) {
      trouble = thrown;
    }
    if (Date.now() > until) {
      throw new Error(`waited ${withinMs} ms in vain for ${what}`, { cause: trouble });
    }
    await sleep(100);
  }
}
