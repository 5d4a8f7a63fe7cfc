import { expect, it } from '@jest/globals';
import { nextEventLoopTick } from './request-server.js';

it('resolves once for all callers of a tick, and separately for later callers', async () => {
  const first = nextEventLoopTick();
  expect(nextEventLoopTick()).toBe(first);
  await first;
  const second = nextEventLoopTick();
  expect(second).not.toBe(first);
  await second;
});
