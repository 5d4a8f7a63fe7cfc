import { expect, it } from '@jest/globals';
import { cpuMs, cpuMsOf, residentMb } from './process-identity.js';

it('reads the memory of this process', async () => {
  expect(Math.abs((await residentMb(process.pid)) - process.memoryUsage.rss() / 1e6)).toBeLessThan(50);
});

it('reads the time of a process whose name looks like fields', () => {
  expect(cpuMsOf('7 (a) b (c) S 1 7 7 0 -1 4194560 900 0 2 0 12 34 0 0 20 0 11 0 100')).toBe(460);
});

it('reads the time of this process', async () => {
  for (const until = performance.now() + 50; performance.now() < until;) JSON.stringify([until]);
  expect(await cpuMs(process.pid)).toBeGreaterThan(10);
});
