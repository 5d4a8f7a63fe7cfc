import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { job } from '../../test/sample-replies.js';
import { followJob, type FollowedJobReader } from './follow-job.js';
import { JobFollower } from './job-notifications.js';

function following() {
  const clock = new ManualClock();
  const end = new AbortController();
  const reads = { count: 0 };
  const authentications: boolean[] = [];
  const reader: FollowedJobReader = {
    job: async () => ((reads.count += 1), job),
    workItems: async () => [],
    logs: async () => [],
  };
  const follower = new JobFollower(clock);
  return {
    clock,
    end,
    reads,
    /** The results of the coming authentications; true without one. */
    authentications,
    follower,
    events: followJob({
      reader,
      follower,
      clock,
      sent: { steps: {} },
      signal: end.signal,
      isAuthorized: async () => authentications.shift() ?? true,
    }),
  };
}

describe('followJob', () => {
  it('sends a keep-alive comment and reads the job every 15 s without events', async () => {
    const { clock, reads, events } = following();
    await events.next();
    for (const round of [1, 2]) {
      const comment = events.next();
      await clock.asleep();
      await clock.advance(15_000);
      expect((await comment).value).toBe(': keep-alive\n\n');
      expect(reads.count).toBe(1 + round);
    }
  });

  it('ends without another read at the first keep-alive after its caller was revoked, although no event came', async () => {
    const { clock, reads, events, authentications } = following();
    authentications.push(true, true, false);
    await events.next();
    const comment = events.next();
    await clock.asleep();
    await clock.advance(15_000);
    expect((await comment).value).toBe(': keep-alive\n\n');
    const end = events.next();
    await clock.asleep();
    await clock.advance(15_000);
    expect(await end).toEqual({ done: true, value: undefined });
    expect(reads.count).toBe(2);
  });

  it('sends nothing to a caller who is not authorized any more', async () => {
    const { reads, events, authentications } = following();
    authentications.push(false);
    expect((await events.next()).done).toBe(true);
    expect(reads.count).toBe(0);
  });

  it('misses no notification that arrives during a read', async () => {
    const { clock, reads, events, follower, end } = following();
    await events.next();
    follower.notify();
    const next = events.next();
    await clock.asleep();
    expect(reads.count).toBe(2);
    end.abort();
    expect((await next).done).toBe(true);
  });
});
