import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { untilDone } from './retry-until-done.js';

describe('untilDone', () => {
  it('tries again until it works, and says why it has to', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    let left = 2;
    const action = async (): Promise<string> => {
      if (left-- > 0) throw new Error('no answer');
      return 'done';
    };
    const outcome = untilDone(action, (line) => told.push(line), new AbortController().signal, clock);
    await clock.advance(2_000 + 4_000);
    expect(await outcome).toBe('done');
    expect(told).toEqual([
      'no answer; tried again in 2 s, jobs for the cluster wait',
      'no answer; tried again in 4 s, jobs for the cluster wait',
    ]);
  });

  it('ends with whoever asked for it', async () => {
    const stop = new AbortController();
    const clock = new ManualClock();
    const failing = (): Promise<never> => Promise.reject(new Error('no answer'));
    const outcome = untilDone(failing, () => undefined, stop.signal, clock);
    await clock.asleep();
    stop.abort();
    await expect(outcome).rejects.toThrow(/aborted/);
  });
});
