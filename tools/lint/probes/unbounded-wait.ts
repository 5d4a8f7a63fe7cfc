// as libs/platform/messaging/test/probe.spec.ts
// must fail: runos/no-unbounded-waits
import { setTimeout as sleep } from 'node:timers/promises';

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(100);
}
