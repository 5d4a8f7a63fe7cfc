import { describe, expect, it } from '@jest/globals';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('wakes sleepers in the order of their deadlines, and no others', async () => {
    const clock = new ManualClock();
    const woken: string[] = [];
    const note = (name: string) => () => woken.push(`${name} at ${clock.now().getUTCMilliseconds()}`);
    void clock.sleep(200).then(note('late'));
    void clock.sleep(100).then(note('early'));
    void clock.sleep(201).then(note('never'));
    await clock.advance(200);
    expect(woken).toEqual(['early at 100', 'late at 200']);
    expect(clock.now()).toEqual(new Date(Date.UTC(2030, 0, 1, 0, 0, 0, 200)));
    expect(clock.sleeping).toBe(1);
  });

  it('resolves when the code under test sleeps', async () => {
    const clock = new ManualClock();
    let awake = false;
    void Promise.resolve()
      .then(() => clock.sleep(5))
      .then(() => (awake = true));
    await clock.asleep();
    expect(awake).toBe(false);
    await clock.advance(5);
    expect(awake).toBe(true);
  });

  it('passes no time when its wall clock is stepped', async () => {
    const clock = new ManualClock();
    let awake = false;
    void clock.sleep(1_000).then(() => (awake = true));
    clock.step(-3_600_000);
    expect([clock.now(), clock.monotonicMs()]).toEqual([new Date(Date.UTC(2029, 11, 31, 23)), 0]);
    await clock.advance(1_000);
    expect([awake, clock.monotonicMs()]).toEqual([true, 1_000]);
  });

  it('ends a sleep early when the signal aborts, and removes the sleeper', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const slept = clock.sleep(1_000, stop.signal);
    stop.abort();
    await slept;
    expect(clock.sleeping).toBe(0);
    await clock.sleep(1_000, stop.signal);
  });
});
