import { expect, it } from '@jest/globals';
import { nextEventLoopTurn } from './next-event-loop-turn.js';

it('ends once for all who wait in the same turn, and anew for those after', async () => {
  const first = nextEventLoopTurn();
  expect(nextEventLoopTurn()).toBe(first);
  await first;
  const second = nextEventLoopTurn();
  expect(second).not.toBe(first);
  await second;
});
