import { expect, it } from '@jest/globals';
import { residentMb } from './process-identity.js';

it('reads the memory of this process', async () => {
  expect(Math.abs((await residentMb(process.pid)) - process.memoryUsage.rss() / 1e6)).toBeLessThan(50);
});
