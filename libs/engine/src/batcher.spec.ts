import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '@runos/testing-basics';
import { Batcher } from './batcher.js';

/** A batcher that doubles, one batch at each `go()`, and the batches it was given. */
function doubling({ atMost = 100, bad = NaN } = {}) {
  const batches: (readonly number[])[] = [];
  const gates: (() => void)[] = [];
  const batcher = new Batcher<number, number>({
    atMost,
    run: async (items) => {
      batches.push(items);
      await new Promise<void>((resolve) => gates.push(resolve));
      if (items.includes(bad)) throw new Error(`${bad} cannot be done`);
      return items.map((item) => item * 2);
    },
  });
  const go = async () => {
    await new Promise(setImmediate);
    gates.splice(0).forEach((open) => open());
    await new Promise(setImmediate);
  };
  return { batcher, batches, go };
}

describe('Batcher', () => {
  it('does what comes at the same time together, and what comes meanwhile together afterwards', async () => {
    const { batcher, batches, go } = doubling();
    const first = [batcher.add(1), batcher.add(2)];
    await new Promise(setImmediate);
    const second = [batcher.add(3), batcher.add(4)];
    await go();
    await go();
    expect(await Promise.all([...first, ...second])).toEqual([2, 4, 6, 8]);
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('gathers after several at once, and never lets one that is alone wait', async () => {
    const clock = new ManualClock();
    const batches: (readonly number[])[] = [];
    const batcher = new Batcher<number, number>({
      ...{ atMost: 3, gatherMs: 100, clock },
      run: (items) => {
        batches.push(items);
        return Promise.resolve(items);
      },
    });
    await batcher.add(1);
    await batcher.add(2);
    await Promise.all([batcher.add(3), batcher.add(4)]);
    const gathered = [batcher.add(5), batcher.add(6), batcher.add(7), batcher.add(8)];
    await new Promise(setImmediate);
    expect(batches).toEqual([[1], [2], [3, 4]]);
    await clock.advance(100);
    await Promise.all(gathered);
    expect(batches.slice(3)).toEqual([[5, 6, 7], [8]]);
  });

  it('goes on with others where a batch takes long', async () => {
    const clock = new ManualClock();
    const batcher = new Batcher<string, string>({
      ...{ atMost: 10, patienceMs: 250, clock },
      run: (items) => (items.includes('stuck') ? new Promise(() => undefined) : Promise.resolve(items)),
    });
    void batcher.add('stuck');
    await clock.asleep();
    const next = batcher.add('next');
    await clock.advance(250);
    expect(await next).toBe('next');
  });

  it('starts again after it had nothing to do', async () => {
    const { batcher, batches, go } = doubling();
    for (const item of [1, 2]) {
      const done = batcher.add(item);
      await go();
      expect(await done).toBe(item * 2);
    }
    expect(batches).toEqual([[1], [2]]);
  });

  it('fails only the one that cannot be done', async () => {
    const { batcher, go } = doubling({ bad: 2 });
    const all = Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    await go();
    await go();
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails a batch whose answers do not fit it', async () => {
    const batcher = new Batcher<number, number>({ atMost: 10, run: () => Promise.resolve([]) });
    await expect(batcher.add(1)).rejects.toThrow('1 items have 0 answers');
  });

  it('answers each item once, in batches of no more than it may', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 5 }), async (items, atMost) => {
        const sizes: number[] = [];
        const batcher = new Batcher<number, string>({
          atMost,
          run: (batch) => {
            sizes.push(batch.length);
            return Promise.resolve(batch.map(String));
          },
        });
        expect(await Promise.all(items.map((item) => batcher.add(item)))).toEqual(items.map(String));
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(atMost);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(items.length);
      }),
    ));
});
