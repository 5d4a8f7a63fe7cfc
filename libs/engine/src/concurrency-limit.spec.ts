import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { ConcurrencyLimit } from './concurrency-limit.js';

/** A limit whose work runs until `end` is called with its name, and the names of what has started. */
function limited(total: number, perKey: number, maxWaitingPerKey?: number) {
  const limit = new ConcurrencyLimit({ total, perKey, maxWaitingPerKey });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string) =>
    limit.run(name.charAt(0), async () => {
      started.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    });
  const settle = () => new Promise(setImmediate);
  const end = async (name: string) => {
    ends.get(name)?.();
    await settle();
  };
  return { limit, started, run, settle, end };
}

describe('a concurrency limit', () => {
  it('bounds the work of one key, and starts that of others meanwhile', async () => {
    const { started, run, settle, end } = limited(10, 2);
    const all = ['a1', 'a2', 'a3', 'b1'].map(run);
    await settle();
    expect(started).toEqual(['a1', 'a2', 'b1']);
    await end('a2');
    expect(started).toEqual(['a1', 'a2', 'b1', 'a3']);
    for (const name of ['a1', 'a3', 'b1']) await end(name);
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'b1']);
  });

  it('bounds the work of all keys, and serves them round-robin', async () => {
    const { started, run, settle, end } = limited(2, 2);
    const all = ['a1', 'a2', 'a3', 'a4', 'b1', 'c1'].map(run);
    await settle();
    expect(started).toEqual(['a1', 'a2']);
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'a4']) await end(name);
    expect(started).toEqual(['a1', 'a2', 'a3', 'b1', 'c1', 'a4']);
    await Promise.all(all);
  });

  it('refuses work of a key of which too much waits', async () => {
    const { run, settle, end } = limited(2, 1, 1);
    const all = ['a1', 'a2', 'b1'].map(run);
    await expect(run('a3')).rejects.toMatchObject({ code: 'unavailable' });
    for (const name of ['a1', 'a2', 'b1']) await settle().then(() => end(name));
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1']);
  });

  it('refuses work that cannot start at once where none may wait', async () => {
    const { started, run, settle, end } = limited(Infinity, 2, 0);
    const all = ['a1', 'a2', 'b1'].map(run);
    await expect(run('a3')).rejects.toMatchObject({ code: 'unavailable' });
    await end('a1');
    all.push(run('a4'));
    await settle();
    expect(started).toEqual(['a1', 'a2', 'b1', 'a4']);
    for (const name of ['a2', 'b1', 'a4']) await end(name);
    await Promise.all(all);
  });

  it('goes on after a failure, and rejects with it', async () => {
    const { limit } = limited(1, 1);
    const failed = limit.run('a', () => Promise.reject(new Error('no')));
    const next = limit.run('a', () => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('next');
  });

  it('runs work in the context of its caller', async () => {
    const { limit } = limited(1, 1);
    const context = new AsyncLocalStorage<string>();
    const run = (name: string) =>
      context.run(name, () => limit.run('a', async () => new Promise(setImmediate).then(() => context.getStore())));
    expect(await Promise.all(['one', 'two'].map(run))).toEqual(['one', 'two']);
  });
});
