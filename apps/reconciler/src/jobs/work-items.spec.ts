import { describe, expect, it } from '@jest/globals';
import { currentStep, newWorkItems, reachStep } from './work-items.js';

describe('work items', () => {
  let ids = 0;
  const made = newWorkItems({ kind: 'apply', jobId: 'j', first: 'deliver', now: 't0', mintId: () => `w${(ids += 1)}` });
  const statuses = (items: readonly { status: string }[]) => items.map(({ status }) => status);

  it('begin with what the write itself has done', () => {
    expect(made.map(({ name }) => name)).toEqual(['validate', 'render', 'deliver', 'apply', 'wait-ready']);
    expect(statuses(made)).toEqual(['completed', 'completed', 'pending', 'pending', 'pending']);
    expect(currentStep(made)?.name).toBe('deliver');
  });

  it('complete what lies before the step that was reached', () => {
    const waiting = reachStep(reachStep(made, 'deliver', 't1'), 'wait-ready', 't2');
    expect(statuses(waiting)).toEqual(['completed', 'completed', 'completed', 'completed', 'running']);
    expect(waiting[2]).toMatchObject({ startedAt: 't1', completedAt: 't2' });
    expect(waiting[3]).toMatchObject({ startedAt: 't2', completedAt: 't2' });
    expect(waiting[4]).toMatchObject({ startedAt: 't2', completedAt: null });
  });

  it('begin where the one before ended when nobody saw them begin', () => {
    expect(reachStep(made, 'apply', 't2')[2]).toMatchObject({ startedAt: 't0', completedAt: 't2' });
  });

  it('never go back, and say so by being the same', () => {
    const waiting = reachStep(made, 'wait-ready', 't2');
    expect(reachStep(waiting, 'apply', 't3')).toBe(waiting);
    expect(reachStep(waiting, 'wait-ready', 't3')).toBe(waiting);
  });
});
