// as tools/resilience/src/probe.ts
// must pass
import { setTimeout as sleep } from 'node:timers/promises';

export async function untilDeadline(holds: () => Promise<boolean>, deadline: number): Promise<void> {
  while (!(await holds()) && performance.now() < deadline) await sleep(100);
}

export async function untilAborted(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(100);
  }
}

export async function manyTimes(work: () => Promise<void>): Promise<void> {
  for (let n = 0; n < 10; n += 1) {
    await work();
    await sleep(100);
  }
}

export async function everyPage(page: (cursor?: string) => Promise<string | undefined>): Promise<void> {
  let cursor: string | undefined;
  do cursor = await page(cursor);
  while (cursor !== undefined);
}
