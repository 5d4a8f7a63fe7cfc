import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { fixedDelays } from './backoff.js';
import { reconciled, type ReconcileResult, requeue, retryAfterError, terminal, WorkQueue } from './work-queue.js';

let clock: ManualClock;
let reconciles: string[];
let result: (key: string) => Promise<ReconcileResult>;
let queue: WorkQueue<string>;

beforeEach(() => {
  clock = new ManualClock();
  reconciles = [];
  result = () => Promise.resolve(reconciled());
  queue = new WorkQueue<string>({
    clock,
    maxConcurrentReconciles: 2,
    backoff: fixedDelays([1_000, 5_000]),
    reconcile(key) {
      reconciles.push(key);
      return result(key);
    },
  });
});

afterEach(() => queue.stop());

describe('a work queue', () => {
  it('reconciles a key once for many additions, and the earliest time wins', async () => {
    queue.addAfter('a', 10_000);
    queue.addAfter('a', 2_000);
    queue.addAfter('a', 5_000);
    await clock.advance(1_999);
    expect(reconciles).toEqual([]);
    await clock.advance(1);
    expect(reconciles).toEqual(['a']);
    await clock.advance(20_000);
    expect(reconciles).toEqual(['a']);
    expect(queue.size).toBe(0);
  });

  it.each([-3_600_000, 3_600_000])('keeps its delays when the wall clock is stepped by %i ms', async (step) => {
    const end = gate<ReconcileResult>();
    result = () => end.promise;
    queue.add('running');
    queue.addAfter('running', 1_000);
    queue.addAfter('delayed', 10_000);
    clock.step(step);
    expect(queue.backlog).toEqual({ depth: 1, oldestMs: 0 });
    queue.addAfter('delayed', 2_000);
    end.open(reconciled());
    result = () => Promise.resolve(reconciled());
    await clock.advance(1_000);
    expect(reconciles).toEqual(['running', 'running']);
    await clock.advance(1_000);
    expect(reconciles).toEqual(['running', 'running', 'delayed']);
  });

  it('reports the depth and the age of its backlog', async () => {
    const end = gate<ReconcileResult>();
    result = () => end.promise;
    ['a', 'b', 'c'].forEach((key) => queue.add(key));
    queue.addAfter('later', 60_000);
    await clock.advance(3_000);
    expect(queue.backlog).toEqual({ depth: 3, oldestMs: 3_000 });
    end.open(reconciled());
  });

  it('reports unfinished keys, and flushes delayed ones', async () => {
    const end = gate<ReconcileResult>();
    result = () => end.promise;
    queue.add('a');
    queue.addAfter('b', 60_000);
    queue.addAfter('c', 90_000);
    expect(queue.unfinished).toBe(1);
    queue.flushDelayed();
    expect(queue.unfinished).toBe(3);
    end.open(reconciled());
    await clock.advance(0);
    expect(reconciles).toEqual(['a', 'b', 'c']);
    expect(queue.unfinished).toBe(0);
  });

  it('does not reconcile in the async context of the caller that adds the key', async () => {
    const caller = new AsyncLocalStorage<string>();
    const stores: (string | undefined)[] = [];
    result = () => {
      stores.push(caller.getStore());
      return Promise.resolve(reconciled(1_000));
    };
    caller.run('a request', () => queue.add('a'));
    await clock.advance(1_000);
    expect(stores).toEqual([undefined, undefined]);
  });

  it('reconciles again after an addition while processing, never twice at a time', async () => {
    const first = gate<ReconcileResult>();
    result = () => first.promise;
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(reconciles).toEqual(['a']);
    result = () => Promise.resolve(reconciled());
    first.open(reconciled());
    await clock.advance(0);
    expect(reconciles).toEqual(['a', 'a']);
  });

  it('does not inherit the async context of a caller, delayed or not', async () => {
    const caller = new AsyncLocalStorage<string>();
    const stores: (string | undefined)[] = [];
    result = () => {
      stores.push(caller.getStore());
      return Promise.resolve(reconciles.length < 3 ? reconciled(1_000) : reconciled());
    };
    caller.run('alice', () => queue.add('a'));
    caller.run('bob', () => queue.addAfter('b', 500));
    await clock.advance(5_000);
    expect(stores).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('never exceeds the maximum of concurrent reconciles', async () => {
    const gates = new Map(['a', 'b', 'c'].map((key) => [key, gate<ReconcileResult>()]));
    result = (key) => gates.get(key)?.promise ?? Promise.resolve(reconciled());
    ['a', 'b', 'c'].forEach((key) => queue.add(key));
    expect(reconciles).toEqual(['a', 'b']);
    gates.get('a')?.open(reconciled());
    await clock.advance(0);
    expect(reconciles).toEqual(['a', 'b', 'c']);
    gates.forEach((one) => one.open(reconciled()));
    await queue.idle();
  });

  it('leaves places to keys of other groups, and serves the groups in turn', async () => {
    const ends = new Map<string, () => void>();
    const grouped = new WorkQueue<string>({
      clock,
      maxConcurrentReconciles: 3,
      maxConcurrentReconcilesPerGroup: 2,
      reconcile: (key) => {
        reconciles.push(key);
        return new Promise((resolve) => ends.set(key, () => resolve(reconciled())));
      },
    });
    const end = (key: string) => {
      ends.get(key)?.();
      return clock.advance(0);
    };
    ['k/a/1', 'k/a/2', 'k/a/3', 'k/a/4', 'k/b/1', 'k/b/2', 'plain'].forEach((key) => grouped.add(key));
    expect(reconciles).toEqual(['k/a/1', 'k/a/2', 'k/b/1']);
    expect(grouped.unfinished).toBe(7);
    await end('k/b/1');
    expect(reconciles.slice(3)).toEqual(['k/b/2']);
    for (const key of ['k/a/1', 'k/a/2', 'k/b/2']) await end(key);
    expect(reconciles.slice(4)).toEqual(['k/a/3', 'plain', 'k/a/4']);
    const stopped = grouped.stop();
    ends.forEach((one) => one());
    await stopped;
  });

  it('drops what waits for its group when it stops', async () => {
    const running = gate<ReconcileResult>();
    const grouped = new WorkQueue<string>({
      clock,
      maxConcurrentReconcilesPerGroup: 1,
      reconcile: (key) => {
        reconciles.push(key);
        return running.promise;
      },
    });
    ['a/1', 'a/2'].forEach((key) => grouped.add(key));
    const stopped = grouped.stop();
    running.open(reconciled());
    await stopped;
    expect(reconciles).toEqual(['a/1']);
    expect(grouped.size).toBe(0);
  });

  it('backs off while reconciles fail or throw, and resets after a success', async () => {
    result = () => Promise.reject(new Error('no'));
    queue.add('a');
    await clock.advance(999);
    expect(reconciles).toHaveLength(1);
    result = () => Promise.resolve(retryAfterError(new Error('still no')));
    await clock.advance(1);
    expect(reconciles).toHaveLength(2);
    result = () => Promise.resolve(requeue('a pod', 3_000));
    await clock.advance(5_000);
    expect(reconciles).toHaveLength(3);
    result = () => Promise.resolve(retryAfterError(new Error('no')));
    await clock.advance(3_000);
    expect(reconciles).toHaveLength(4);
    await clock.advance(1_000);
    expect(reconciles).toHaveLength(5);
  });

  it('reconciles at once on an addition during back-off', async () => {
    result = () => Promise.resolve(retryAfterError(new Error('no')));
    queue.add('a');
    await clock.advance(10);
    queue.add('a');
    expect(reconciles).toHaveLength(2);
  });

  it('does not requeue a terminal key until it is added again', async () => {
    result = () => Promise.resolve(terminal('refused'));
    queue.add('a');
    await clock.advance(100_000);
    expect(reconciles).toEqual(['a']);
    queue.add('a');
    expect(reconciles).toEqual(['a', 'a']);
  });

  it('is idle after stop(): the running reconcile is aborted and awaited, and nothing else starts', async () => {
    const slow = gate<ReconcileResult>();
    result = () => slow.promise;
    queue.add('a');
    queue.addAfter('b', 1_000);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await clock.advance(5_000);
    expect(stopped).toBe(false);
    slow.open(reconciled(1));
    await stopping;
    queue.add('c');
    await clock.advance(5_000);
    expect(reconciles).toEqual(['a']);
    expect(clock.sleeping).toBe(0);
  });
});

function gate<T>(): { promise: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}
