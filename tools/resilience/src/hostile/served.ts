import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './target.js';

/** How it went for somebody who asked for ordinary things meanwhile. */
export interface Served {
  readonly asked: number;
  readonly failed: number;
  readonly p99Ms: number;
}

/** Asks again and again, one after the other, as long as `work` goes on; `ask` says whether it was served. */
export async function servedWhile<T>(
  ask: () => Promise<boolean>,
  work: () => Promise<T>,
): Promise<{ outcome: T; served: Served }> {
  let over = false;
  const working = work().finally(() => (over = true));
  working.catch(() => undefined); // awaited below
  const times: number[] = [];
  let failed = 0;
  do {
    const started = performance.now();
    if (!(await ask().catch(() => false))) failed += 1;
    times.push(performance.now() - started);
    await sleep(10);
  } while (!over);
  times.sort((a, b) => a - b);
  const p99Ms = Math.round(times[Math.floor(times.length * 0.99)] ?? 0);
  return { outcome: await working, served: { asked: times.length, failed, p99Ms } };
}

/** One read of an ordinary client. */
export const read = async ({ apiUrl, aid, token }: Target): Promise<boolean> => {
  const answer = await fetch(`${apiUrl}/${aid}/clusters`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  });
  await answer.arrayBuffer();
  return answer.status === 200;
};
