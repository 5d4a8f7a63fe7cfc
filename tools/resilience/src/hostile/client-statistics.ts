import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './target.js';

/** The responses to an ordinary client during an attack. */
export interface ClientStatistics {
  readonly requests: number;
  readonly failed: number;
  readonly p99Ms: number;
}

/** Sends one request after the other as long as `work` runs; `request` returns whether it succeeded. */
export async function servedWhile<T>(
  request: () => Promise<boolean>,
  work: () => Promise<T>,
): Promise<{ outcome: T; served: ClientStatistics }> {
  let over = false;
  const working = work().finally(() => (over = true));
  working.catch(() => undefined); // awaited below
  const times: number[] = [];
  let failed = 0;
  do {
    const started = performance.now();
    if (!(await request().catch(() => false))) failed += 1;
    times.push(performance.now() - started);
    await sleep(10);
  } while (!over);
  times.sort((a, b) => a - b);
  const p99Ms = Math.round(times[Math.floor(times.length * 0.99)] ?? 0);
  return { outcome: await working, served: { requests: times.length, failed, p99Ms } };
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
