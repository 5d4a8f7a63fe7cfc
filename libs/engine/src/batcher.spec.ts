import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock, propertySeed } from '@runos/testing-basics';
import { Batcher } from './batcher.js';

fc.configureGlobal({ seed: propertySeed() });

/** A batcher that doubles numbers, one batch per `go()`, and the batches it received. */
function doubling({ maxBatchSize = 100, bad = NaN } = {}) {
  const batches: (readonly number[])[] = [];
  const gates: (() => void)[] = [];
  const batcher = new Batcher<number, number>({
    maxBatchSize,
    run: async (items) => {
      batches.push(items);
      await new Promise<void>((resolve) => gates.push(resolve));
      if (items.includes(bad)) throw new Error(`${bad} fails`);
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
  it('puts concurrent items into one batch, and items that arrive while it runs into the next', async () => {
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

  it('lingers after a batch of several, and never delays a single item', async () => {
    const clock = new ManualClock();
    const batches: (readonly number[])[] = [];
    const batcher = new Batcher<number, number>({
      maxBatchSize: 3,
      lingerMs: 100,
      clock,
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

  it('starts the next batch when one takes long', async () => {
    const clock = new ManualClock();
    const batcher = new Batcher<string, string>({
      maxBatchSize: 10,
      maxBlockingMs: 250,
      clock,
      run: (items) => (items.includes('stuck') ? new Promise(() => undefined) : Promise.resolve(items)),
    });
    void batcher.add('stuck');
    await clock.asleep();
    const next = batcher.add('next');
    await clock.advance(250);
    expect(await next).toBe('next');
  });

  it('starts again after it was idle', async () => {
    const { batcher, batches, go } = doubling();
    for (const item of [1, 2]) {
      const done = batcher.add(item);
      await go();
      expect(await done).toBe(item * 2);
    }
    expect(batches).toEqual([[1], [2]]);
  });

  it('rejects only the item that fails', async () => {
    const { batcher, go } = doubling({ bad: 2 });
    const all = Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    for (let round = 0; round < 4; round += 1) await go();
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('repeats the items of a failed batch two at a time', async () => {
    const { batcher, batches, go } = doubling({ bad: 2 });
    const all = Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    const started: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await go();
      started.push(batches.length);
    }
    expect(started).toEqual([3, 4, 4, 4]);
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('completes what is not blocked first, and only then lets the blocked items wait', async () => {
    const runs: string[] = [];
    const blocked = new Set(['b1', 'b2', 'b3']);
    let unblock = (): void => undefined;
    const unblocked = new Promise<void>((resolve) => (unblock = resolve));
    const batcher = new Batcher<string, string>({
      maxBatchSize: 10,
      isBlocked: (cause) => cause instanceof Error && cause.message === 'locked',
      run: async (items, mayWait) => {
        runs.push(`${items.join(' ')}${mayWait ? ' waits' : ''}`);
        if (!items.some((item) => blocked.has(item))) return items;
        if (!mayWait) throw new Error('locked');
        await unblocked;
        return items;
      },
    });
    const waiting = [...blocked].map((item) => batcher.add(item));
    expect(await Promise.all(['c', 'd'].map((item) => batcher.add(item)))).toEqual(['c', 'd']);
    await new Promise(setImmediate);
    expect(runs).toEqual(['b1 b2 b3 c d', 'b1', 'b2', 'b3', 'c', 'd', 'b1 waits', 'b2 waits']);
    unblock();
    expect(await Promise.all(waiting)).toEqual(['b1', 'b2', 'b3']);
    expect(runs.at(-1)).toBe('b3 waits');
  });

  it('lets an item that arrives alone wait', async () => {
    const waits: boolean[] = [];
    const batcher = new Batcher<number, number>({
      maxBatchSize: 10,
      run: (items, mayWait) => {
        waits.push(mayWait);
        return Promise.resolve(items);
      },
    });
    await batcher.add(1);
    await Promise.all([batcher.add(2), batcher.add(3)]);
    expect(waits).toEqual([true, false]);
  });

  it('runs a bounded number of slow batches at a time', async () => {
    const clock = new ManualClock();
    const started: string[] = [];
    const release: (() => void)[] = [];
    const batcher = new Batcher<string, string>({
      maxBatchSize: 1,
      maxBlockingMs: 250,
      maxConcurrentBatches: 2,
      clock,
      run: async (items) => {
        started.push(...items);
        await new Promise<void>((resolve) => release.push(resolve));
        return items;
      },
    });
    const all = ['a', 'b', 'c'].map((item) => batcher.add(item));
    for (let round = 0; round < 3; round += 1) {
      await new Promise(setImmediate);
      await clock.advance(250);
    }
    expect(started).toEqual(['a', 'b']);
    release.shift()?.();
    await new Promise(setImmediate);
    expect(started).toEqual(['a', 'b', 'c']);
    release.forEach((open) => open());
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
  });

  it('rejects a batch with a wrong number of results', async () => {
    const batcher = new Batcher<number, number>({ maxBatchSize: 10, run: () => Promise.resolve([]) });
    await expect(batcher.add(1)).rejects.toThrow('1 items have 0 results');
  });

  it('returns one result per item, in batches of at most the given size', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 5 }), async (items, maxBatchSize) => {
        const sizes: number[] = [];
        const batcher = new Batcher<number, string>({
          maxBatchSize,
          run: (batch) => {
            sizes.push(batch.length);
            return Promise.resolve(batch.map(String));
          },
        });
        expect(await Promise.all(items.map((item) => batcher.add(item)))).toEqual(items.map(String));
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(maxBatchSize);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(items.length);
      }),
    ));
});
