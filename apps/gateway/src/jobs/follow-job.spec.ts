import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { job } from '../../test/sample-answers.js';
import { followJob, type JobReader } from './follow-job.js';
import { Watch } from './job-wakes.js';

function following() {
  const clock = new ManualClock();
  const end = new AbortController();
  const reads = { count: 0 };
  const reader: JobReader = {
    job: async () => ((reads.count += 1), job),
    workItems: async () => [],
    logs: async () => [],
  };
  const watch = new Watch(clock);
  return {
    clock,
    end,
    reads,
    watch,
    lines: followJob({ reader, watch, clock, seen: { steps: {} }, signal: end.signal }),
  };
}

describe('followJob', () => {
  it('sends a comment and reads again every 15 s when nothing happens', async () => {
    const { clock, reads, lines } = following();
    await lines.next();
    for (const round of [1, 2]) {
      const comment = lines.next();
      await clock.asleep();
      await clock.advance(15_000);
      expect((await comment).value).toBe(': still following\n\n');
      expect(reads.count).toBe(1 + round);
    }
  });

  it('misses no wake that comes while it reads', async () => {
    const { clock, reads, lines, watch, end } = following();
    await lines.next();
    watch.notify();
    const next = lines.next();
    await clock.asleep();
    expect(reads.count).toBe(2);
    end.abort();
    expect((await next).done).toBe(true);
  });
});
