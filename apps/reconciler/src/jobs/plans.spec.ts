import { describe, expect, it } from '@jest/globals';
import { type Cancellable, planCancel } from './plan-cancel.js';
import { inWords, type OverdueJob, whyFailed } from './why-failed.js';

describe('cancelling', () => {
  const job = (over: Partial<Cancellable> = {}): Cancellable => ({
    ...{ type: 'service.update', ended: null, wanted: true, sent: 2, revision: 2, hasPrevious: true },
    ...over,
  });

  it('wants the previous revision again, or of a creation that it is gone', () => {
    expect(planCancel(job()).do).toBe('restore');
    expect(planCancel(job({ type: 'service.create', revision: 1, hasPrevious: false })).do).toBe('remove');
  });

  it('takes back a deletion only until it was sent', () => {
    expect(planCancel(job({ type: 'service.delete', sent: 1 })).do).toBe('restore');
    expect(planCancel(job({ type: 'service.delete' })).do).toBe('refuse');
  });

  it('is refused for what has ended, for clusters, and for what is not wanted any more', () => {
    for (const over of [{ ended: 'completed' }, { type: 'cluster.delete' }, { wanted: false }] as const) {
      expect(planCancel(job(over)).do).toBe('refuse');
    }
  });
});

describe('a job that ran out of time', () => {
  const overdue = (over: Partial<OverdueJob> = {}): OverdueJob => ({
    ...{ osid: 'valkey-3f9k2', cid: 'abc', budgetMs: 900_000, step: 'wait-ready', absentForMs: null },
    ...{ reason: null, progress: null, report: undefined },
    ...over,
  });

  it('names object, reason and remedy', () => {
    const message = 'x-0 needs more memory than its limit: choose a larger class.';
    const objects = [
      { apiVersion: 'v1', kind: 'Pod', name: 'x-0', state: 'failed' as const, reason: 'OOMKilled', message },
    ];
    expect(whyFailed(overdue({ report: { objects, conditions: [] } }))).toEqual({
      reason: 'OOMKilled',
      message: `valkey-3f9k2 did not get ready within 15 minutes: ${message}`,
    });
  });

  it('says so when the agent was away all the time', () => {
    const { reason, message } = whyFailed(overdue({ absentForMs: 86_400_000, step: 'deliver' }));
    expect(reason).toBe('AgentAbsent');
    expect(message).toContain('24 hours');
  });

  it('says what it waited for when nothing was reported', () => {
    const silent = whyFailed(overdue({ step: 'deliver', reason: 'AgentSilent', progress: 'asking again' }));
    expect(silent).toMatchObject({
      reason: 'AgentSilent',
      message: expect.stringContaining('could not be handed to its cluster within 15 minutes (asking again)'),
    });
    expect(whyFailed(overdue()).reason).toBe('DeadlineExceeded');
  });

  it('prints times as people say them', () => {
    expect([1_000, 90_000, 60_000, 7_200_000, 400].map(inWords)).toEqual([
      ...['1 second', '90 seconds', '1 minute', '2 hours', '1 second'],
    ]);
  });
});
