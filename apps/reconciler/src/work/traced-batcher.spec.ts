import { describe, expect, it } from '@jest/globals';
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
});
