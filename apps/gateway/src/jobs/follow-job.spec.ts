import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { job } from '../../test/sample-replies.js';
import { followJob, type FollowedJobReader } from './follow-job.js';
import { JobFollower } from './job-notifications.js';

function following() {
  const clock = new ManualClock();
  const end = new AbortController();
  const reads = { count: 0 };
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
    follower,
    events: followJob({ reader, follower, clock, sent: { steps: {} }, signal: end.signal }),
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
