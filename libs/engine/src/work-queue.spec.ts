import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { fixedDelays } from './backoff.js';
import { retryAfterError, reconciled, terminal, type ReconcileResult, requeue } from './reconcile-result.js';
import { WorkQueue } from './work-queue.js';

let clock: ManualClock;
let turns: string[];
let answer: (key: string) => Promise<ReconcileResult>;
let queue: WorkQueue<string>;

beforeEach(() => {
  clock = new ManualClock();
  turns = [];
  answer = () => Promise.resolve(reconciled());
  queue = new WorkQueue<string>({
    clock,
    concurrency: 2,
    backoff: fixedDelays([1_000, 5_000]),
    run(key) {
      turns.push(key);
      return answer(key);
    },
  });
});

afterEach(() => queue.stop());

describe('a work queue', () => {
  it('runs a key once for many additions, and the soonest time wins', async () => {
    queue.add('a', 10_000);
    queue.add('a', 2_000);
    queue.add('a', 5_000);
    await clock.advance(1_999);
    expect(turns).toEqual([]);
    await clock.advance(1);
    expect(turns).toEqual(['a']);
    await clock.advance(20_000);
    expect(turns).toEqual(['a']);
    expect(queue.size).toBe(0);
  });

  it('tells how much is due and for how long', async () => {
    const end = gate<ReconcileResult>();
    answer = () => end.promise;
    ['a', 'b', 'c'].forEach((key) => queue.add(key));
    queue.add('later', 60_000);
    await clock.advance(3_000);
    expect(queue.due).toEqual({ depth: 3, oldestMs: 3_000 });
    end.open(reconciled());
  });

  it('tells how many turns are on or in line, and makes due at once what waits', async () => {
    const end = gate<ReconcileResult>();
    answer = () => end.promise;
    queue.add('a');
    queue.add('b', 60_000);
    queue.add('c', 90_000);
    expect(queue.busy).toBe(1);
    queue.hasten();
    expect(queue.busy).toBe(3);
    end.open(reconciled());
    await clock.advance(0);
    expect(turns).toEqual(['a', 'b', 'c']);
    expect(queue.busy).toBe(0);
  });

  it('runs no turn in the context of whoever added its key', async () => {
    const caller = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    answer = () => {
      seen.push(caller.getStore());
      return Promise.resolve(reconciled(1_000));
    };
    caller.run('a request', () => queue.add('a'));
    await clock.advance(1_000);
    expect(seen).toEqual([undefined, undefined]);
  });

  it('runs again after a turn for what was added during it, never two turns of a key at a time', async () => {
    const first = gate<ReconcileResult>();
    answer = () => first.promise;
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(turns).toEqual(['a']);
    answer = () => Promise.resolve(reconciled());
    first.open(reconciled());
    await clock.advance(0);
    expect(turns).toEqual(['a', 'a']);
  });

  it('does its work as nobody, whoever adds it', async () => {
    const caller = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    answer = () => {
      seen.push(caller.getStore());
      return Promise.resolve(turns.length < 3 ? reconciled(1_000) : reconciled());
    };
    caller.run('alice', () => queue.add('a'));
    caller.run('bob', () => queue.add('b', 500));
    await clock.advance(5_000);
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('never runs more keys at a time than allowed', async () => {
    const gates = ['a', 'b', 'c'].map(() => gate<ReconcileResult>());
    answer = () => gates[turns.length - 1]!.promise;
    ['a', 'b', 'c'].forEach((key) => queue.add(key));
    expect(turns).toEqual(['a', 'b']);
    gates[0]!.open(reconciled());
    await clock.advance(0);
    expect(turns).toEqual(['a', 'b', 'c']);
    gates.forEach((one) => one.open(reconciled()));
    await queue.idle();
  });

  it('backs off while turns fail or throw, and starts over after a good one', async () => {
    answer = () => Promise.reject(new Error('no'));
    queue.add('a');
    await clock.advance(999);
    expect(turns).toHaveLength(1);
    answer = () => Promise.resolve(retryAfterError(new Error('still no')));
    await clock.advance(1);
    expect(turns).toHaveLength(2);
    answer = () => Promise.resolve(requeue('a pod', 3_000));
    await clock.advance(5_000);
    expect(turns).toHaveLength(3);
    answer = () => Promise.resolve(retryAfterError(new Error('no')));
    await clock.advance(3_000);
    expect(turns).toHaveLength(4);
    await clock.advance(1_000);
    expect(turns).toHaveLength(5);
  });

  it('lets an addition overtake the back-off', async () => {
    answer = () => Promise.resolve(retryAfterError(new Error('no')));
    queue.add('a');
    await clock.advance(10);
    queue.add('a');
    expect(turns).toHaveLength(2);
  });

  it('leaves a stalled key alone until it is added again', async () => {
    answer = () => Promise.resolve(terminal('refused'));
    queue.add('a');
    await clock.advance(100_000);
    expect(turns).toEqual(['a']);
    queue.add('a');
    expect(turns).toEqual(['a', 'a']);
  });

  it('is still once stop() has resolved: the turn that is on is told and awaited, nothing else begins', async () => {
    const slow = gate<ReconcileResult>();
    answer = () => slow.promise;
    queue.add('a');
    queue.add('b', 1_000);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await clock.advance(5_000);
    expect(stopped).toBe(false);
    slow.open(reconciled(1));
    await stopping;
    queue.add('c');
    await clock.advance(5_000);
    expect(turns).toEqual(['a']);
    expect(clock.sleeping).toBe(0);
  });
});

function gate<T>(): { promise: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}
