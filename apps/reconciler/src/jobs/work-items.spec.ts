import { describe, expect, it } from '@jest/globals';
import { currentStep, newWorkItems, reachStep } from './work-items.js';

describe('work items', () => {
  let ids = 0;
  const made = newWorkItems({ kind: 'apply', jobId: 'j', first: 'deliver', now: 't0', mintId: () => `w${(ids += 1)}` });
  const statuses = (items: readonly { status: string }[]) => items.map(({ status }) => status);

  it('start with the steps that the write completed', () => {
    expect(made.map(({ name }) => name)).toEqual(['validate', 'render', 'deliver', 'apply', 'wait-ready']);
    expect(statuses(made)).toEqual(['completed', 'completed', 'pending', 'pending', 'pending']);
    expect(currentStep(made)?.name).toBe('deliver');
  });

  it('complete the steps before the reached one', () => {
    const waiting = reachStep(reachStep(made, 'deliver', 't1'), 'wait-ready', 't2');
    expect(statuses(waiting)).toEqual(['completed', 'completed', 'completed', 'completed', 'running']);
    expect(waiting[2]).toMatchObject({ startedAt: 't1', completedAt: 't2' });
    expect(waiting[3]).toMatchObject({ startedAt: 't2', completedAt: 't2' });
    expect(waiting[4]).toMatchObject({ startedAt: 't2', completedAt: null });
  });

  it('start a skipped step when the step before it ended', () => {
    expect(reachStep(made, 'apply', 't2')[2]).toMatchObject({ startedAt: 't0', completedAt: 't2' });
  });

  it('never return to an earlier step, and stay the same array then', () => {
    const waiting = reachStep(made, 'wait-ready', 't2');
    expect(reachStep(waiting, 'apply', 't3')).toBe(waiting);
    expect(reachStep(waiting, 'wait-ready', 't3')).toBe(waiting);
  });
});
