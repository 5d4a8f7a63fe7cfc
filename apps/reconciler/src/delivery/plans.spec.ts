import { describe, expect, it } from '@jest/globals';
import type { WorkItem } from '@runos/api';
import { newWorkItems, reachStep } from '../jobs/work-items.js';
import type { OpenJob } from '../jobs/open-job-row.js';
import { afterInstruct, type Outcome } from './after-instruct.js';
import { jobAfterDelivery } from './job-of-delivery.js';
import { planDelivery } from './plan-delivery.js';

describe('a delivery', () => {
  const claim = { id: 1, clusterId: 1, revision: 2, delivered: 1, wanted: 1, fence: 1, failures: 0 };

  it('hands over the claimed revision, and nothing else', () => {
    expect(planDelivery(claim, { revision: 2, deleting: false }).do).toBe('apply');
    expect(planDelivery(claim, { revision: 2, deleting: true }).do).toBe('remove');
    expect(planDelivery(claim, { revision: 3, deleting: false }).do).toBe('again');
    expect(planDelivery({ ...claim, delivered: 2 }, { revision: 2, deleting: false }).do).toBe('nothing');
    expect(planDelivery(claim, undefined).do).toBe('nothing');
  });

  it('is over only when the agent has stored it; otherwise it is asked again, ever later', () => {
    const outcomes: Outcome[] = [
      { outcome: 'absent' },
      { outcome: 'unknown' },
      { outcome: 'refused', message: 'no' },
      { outcome: 'declined', reason: 'older' },
      { outcome: 'failed', message: 'down' },
    ];
    for (const outcome of outcomes) {
      const [first, tenth] = [0, 9].map((failures) => afterInstruct(outcome, 'abc', failures));
      expect(first).toMatchObject({ delivered: false, failures: 1, reason: expect.any(String) });
      expect(tenth.againInMs).toBeGreaterThan(first.againInMs!);
      expect(tenth.againInMs).toBeLessThanOrEqual(60_000);
      expect(first.holdLaneMs === undefined).toBe(outcome.outcome !== 'absent');
    }
    expect(afterInstruct({ outcome: 'accepted' }, 'abc', 7)).toMatchObject({ delivered: true, failures: 0 });
  });
});

describe('the job of a delivery', () => {
  const workItems: WorkItem[] = newWorkItems({
    kind: 'apply',
    jobId: 'j',
    first: 'deliver',
    now: 't',
    mintId: () => 'w',
  });
  const job = (over: Partial<OpenJob> = {}): OpenJob => ({
    ...{ jobId: 'j', kind: 'apply', generation: 1, revision: 1, workItems, progress: null, currentStep: 'deliver' },
    ...{ reason: null, seen: {}, paused: false, now: new Date() },
    ...over,
  });
  const after = (outcome: Outcome) => afterInstruct(outcome, 'abc', 0);

  it('goes on to the next step', () => {
    expect(jobAfterDelivery(job(), after({ outcome: 'accepted' }))).toMatchObject({
      currentStep: 'apply',
      reason: null,
    });
  });

  it('is not set back when a report was faster than the answer', () => {
    const further = job({
      workItems: reachStep(workItems, 'wait-ready', 't'),
      currentStep: 'wait-ready',
      progress: 'p',
    });
    const change = jobAfterDelivery(further, after({ outcome: 'accepted' }));
    expect(change).toMatchObject({ currentStep: 'wait-ready', progress: 'p', logs: [{ level: 'info' }] });
    expect(change?.workItems).toBe(further.workItems);
  });

  it('says once why the agent did not take it', () => {
    const first = jobAfterDelivery(job(), after({ outcome: 'refused', message: 'disk full' }));
    expect(first?.logs).toHaveLength(1);
    const again = job({ ...first, workItems: first!.workItems });
    expect(jobAfterDelivery(again, after({ outcome: 'refused', message: 'disk full' }))).toBeUndefined();
  });
});
