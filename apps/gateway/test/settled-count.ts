import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@runos/testing-process';

const quietMs = 500;

/** The count once it has not changed for half a second. @throws Error if it goes on growing */
export async function settledCount(count: () => number): Promise<number> {
  let last = count();
  const isSettled = async () => {
    const before = last;
    await sleep(quietMs);
    last = count();
    return last === before;
  };
  await waitUntil(isSettled, { because: () => `the count goes on growing: ${last}` });
  return last;
}
