import { expect, it } from '@jest/globals';
import { FairScheduler } from './fair-scheduler.js';

function recorded(total: number, perGroup: number) {
  const scheduler = new FairScheduler({ total, perGroup });
  const started: string[] = [];
  const schedule = (name: string) => scheduler.schedule(name.charAt(0), () => started.push(name));
  return { scheduler, started, schedule };
}

it('starts work that fits at once, and the rest of each group in order', () => {
  const { scheduler, started, schedule } = recorded(3, 2);
  ['a1', 'a2', 'a3', 'b1', 'b2'].forEach(schedule);
  expect(started).toEqual(['a1', 'a2', 'b1']);
  expect([scheduler.unfinished, scheduler.waitingOf('a'), scheduler.waitingOf('c')]).toEqual([5, 1, 0]);
  scheduler.end('a');
  scheduler.end('a');
  expect(started.slice(3)).toEqual(['a3', 'b2']);
});

it('keeps both bounds when a start schedules or ends other work', () => {
  const { scheduler, started, schedule } = recorded(2, 1);
  scheduler.schedule('a', () => ['b1', 'c1'].forEach(schedule));
  expect(started).toEqual(['b1']);
  scheduler.schedule('b', () => scheduler.end('a'));
  scheduler.end('b');
  expect(started).toEqual(['b1', 'c1']);
  scheduler.end('c');
  expect([scheduler.unfinished, started.length]).toEqual([1, 2]);
});

it('drops the work that waits, and ends the work that runs', () => {
  const { scheduler, started, schedule } = recorded(1, 1);
  ['a1', 'a2', 'b1'].forEach(schedule);
  scheduler.clear();
  expect(scheduler.unfinished).toBe(1);
  scheduler.end('a');
  schedule('b2');
  expect(started).toEqual(['a1', 'b2']);
});
