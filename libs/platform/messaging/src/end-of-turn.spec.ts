import { expect, it } from '@jest/globals';
import { endOfTurn } from './end-of-turn.js';

it('ends once for all who wait in the same turn, and anew for those after', async () => {
  const first = endOfTurn();
  expect(endOfTurn()).toBe(first);
  await first;
  const second = endOfTurn();
  expect(second).not.toBe(first);
  await second;
});
