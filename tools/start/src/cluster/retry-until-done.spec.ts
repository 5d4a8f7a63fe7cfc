import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { retryUntilDone } from './retry-until-done.js';

describe('retryUntilDone', () => {
  it('retries until the action succeeds, and reports each failure', async () => {
    const clock = new ManualClock();
    const reported: string[] = [];
    let left = 2;
    const action = async (): Promise<string> => {
      if (left-- > 0) throw new Error('no answer');
      return 'done';
    };
    const outcome = retryUntilDone(action, (line) => reported.push(line), new AbortController().signal, clock);
    await clock.advance(2_000 + 4_000);
    expect(await outcome).toBe('done');
    expect(reported).toEqual([
      'no answer; the next attempt is in 2 s, jobs for the cluster wait',
      'no answer; the next attempt is in 4 s, jobs for the cluster wait',
    ]);
  });

  it('ends when its signal aborts', async () => {
    const stop = new AbortController();
    const clock = new ManualClock();
    const failing = (): Promise<never> => Promise.reject(new Error('no answer'));
    const outcome = retryUntilDone(failing, () => undefined, stop.signal, clock);
    await clock.asleep();
    stop.abort();
    await expect(outcome).rejects.toThrow(/aborted/);
  });
});
