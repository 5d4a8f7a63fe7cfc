import { expect, it } from '@jest/globals';
import { nextEventLoopTick } from './next-event-loop-tick.js';

it('ends once for all who wait in the same turn, and anew for those after', async () => {
  const first = nextEventLoopTick();
  expect(nextEventLoopTick()).toBe(first);
  await first;
  const second = nextEventLoopTick();
  expect(second).not.toBe(first);
  await second;
});
