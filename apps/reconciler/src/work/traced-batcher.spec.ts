import { describe, expect, it } from '@jest/globals';
import { sqlState } from '@runos/persistence';
import { AsyncLocalStorage } from 'node:async_hooks';
import { TracedBatcher } from './traced-batcher.js';

describe('a traced batcher', () => {
  it('runs code for an item in the context in which the item was added', async () => {
    const context = new AsyncLocalStorage<string>();
    const batches: string[][] = [];
    const lockTimeouts: (number | undefined)[] = [];
    const batcher = new TracedBatcher<string, string | undefined>({
      name: 'spec',
      maxBatchSize: 10,
      lingerMs: 0,
      run: (items, { lockTimeoutMs }) => {
        batches.push(items.map(({ value }) => value));
        lockTimeouts.push(lockTimeoutMs);
        return Promise.resolve(items.map((item) => item.run(() => context.getStore())));
      },
    });
    const add = (name: string) => context.run(`context of ${name}`, () => batcher.add(name));
    expect(await Promise.all(['a', 'b'].map(add))).toEqual(['context of a', 'context of b']);
    expect(await add('c')).toBe('context of c');
    expect(batches).toEqual([['a', 'b'], ['c']]);
    expect(lockTimeouts).toEqual([expect.any(Number), undefined]);
  });

  it('lets an item wait for a lock only after the others of its batch', async () => {
    const runs: string[] = [];
    const locked = Object.assign(new Error('lock timeout'), {
      code: sqlState.lockNotAvailable,
    });
    const batcher = new TracedBatcher<string, void>({
      name: 'spec',
      maxBatchSize: 10,
      lingerMs: 0,
      run: (items, { lockTimeoutMs }) => {
        runs.push(
          `${items.map(({ value }) => value).join(' ')} ${lockTimeoutMs === undefined ? 'waits' : 'fails soon'}`,
        );
        const isLocked = items.some(({ value }) => value === 'a') && lockTimeoutMs !== undefined;
        return isLocked ? Promise.reject(locked) : Promise.resolve(items.map(() => undefined));
      },
    });
    await Promise.all(['a', 'b'].map((value) => batcher.add(value)));
    expect(runs).toEqual(['a b fails soon', 'a fails soon', 'b fails soon', 'a waits']);
  });

  it('puts items of different keys into different batches, which do not wait for each other', async () => {
    const batches: string[][] = [];
    let go = (): void => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    const batcher = new TracedBatcher<string, void>({
      name: 'spec',
      keyOf: (value) => value.charAt(0),
      maxBatchSize: 10,
      lingerMs: 0,
      run: async (items) => {
        batches.push(items.map(({ value }) => value));
        if (items.some(({ value }) => value === 'a1')) await gone;
        return items.map(() => undefined);
      },
    });
    const slow = ['a1', 'a2'].map((value) => batcher.add(value));
    await Promise.all(['b1', 'b2'].map((value) => batcher.add(value)));
    await batcher.add('b3');
    expect(batches).toEqual([['a1', 'a2'], ['b1', 'b2'], ['b3']]);
    go();
    await Promise.all(slow);
  });
});
