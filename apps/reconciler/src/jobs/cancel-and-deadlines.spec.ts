import { describe, expect, it } from '@jest/globals';
import { type CancelInput, planCancel } from './cancel-job.js';
import { deadlineFailure, errorOf, formatDuration, type OverdueJob } from './job-deadlines.js';

describe('cancelling', () => {
  const job = (over: Partial<CancelInput> = {}): CancelInput => ({
    type: 'service.update',
    outcome: null,
    isDesired: true,
    sentRevision: 2,
    revision: 2,
    hasPrevious: true,
    queued: false,
    rolloutQueued: false,
    isHeld: false,
    ...over,
  });

  it('restores the previous revision, and removes a creation', () => {
    expect(planCancel(job()).action).toBe('restore');
    expect(planCancel(job({ type: 'service.create', revision: 1, hasPrevious: false })).action).toBe('remove');
  });

  it('reverts a deletion until it was sent, and later only while the agent holds it', () => {
    expect(planCancel(job({ type: 'service.delete', sentRevision: 1 })).action).toBe('restore');
    expect(planCancel(job({ type: 'service.delete' })).action).toBe('hold');
    expect(planCancel(job({ type: 'service.delete', isHeld: true })).action).toBe('restore');
  });

  it('takes a queued job from the queue, and rolls nothing back while a queued rollout follows', () => {
    expect(planCancel(job({ queued: true, isDesired: false })).action).toBe('withdraw');
    expect(planCancel(job({ queued: true, outcome: 'cancelled' })).action).toBe('refuse');
    expect(planCancel(job({ type: 'service.restart', rolloutQueued: true })).action).toBe('start-next');
  });

  it('is refused for ended jobs, for clusters, and for revisions that are not desired any more', () => {
    for (const over of [{ outcome: 'completed' }, { type: 'cluster.delete' }, { isDesired: false }] as const) {
      expect(planCancel(job(over)).action).toBe('refuse');
    }
  });
});

describe('a job after its deadline', () => {
  const overdue = (over: Partial<OverdueJob> = {}): OverdueJob => ({
    osid: 'valkey-3f9k2',
    cid: 'abc',
    timeoutMs: 900_000,
    step: 'wait-ready',
    absentForMs: null,
    reason: null,
    progress: null,
    report: undefined,
    pods: undefined,
    ...over,
  });

  it('names object, reason and remedy', () => {
    const message = 'x-0 needs more memory than its limit: choose a larger class.';
    const objects = [
      { apiVersion: 'v1', kind: 'Pod', name: 'x-0', state: 'failed' as const, reason: 'OOMKilled', message },
    ];
    expect(deadlineFailure(overdue({ report: { objects, conditions: [] } }))).toEqual({
      reason: 'OOMKilled',
      message: `valkey-3f9k2 did not get ready within 15 minutes: ${message}`,
    });
  });

  it('names the absence of the agent', () => {
    const { reason, message } = deadlineFailure(overdue({ absentForMs: 86_400_000, step: 'deliver' }));
    expect(reason).toBe('AgentAbsent');
    expect(message).toContain('24 hours');
  });

  it('names the reason of the wait without a report', () => {
    const unanswered = deadlineFailure(
      overdue({ step: 'deliver', reason: 'AgentNotResponding', progress: 'retrying' }),
    );
    expect(unanswered).toMatchObject({
      reason: 'AgentNotResponding',
      message: expect.stringContaining('could not be delivered to its cluster within 15 minutes (retrying)'),
    });
    expect(deadlineFailure(overdue()).reason).toBe('DeadlineExceeded');
  });

  it('states which pods serve, also when the cluster has reported no cause', () => {
    const pods = { revision: 4, readyRevision: 3, replicas: { desired: 2, ready: 2, outdated: 2 } };
    const { message, reason } = deadlineFailure(overdue({ pods }));
    expect(reason).toBe('DeadlineExceeded');
    expect(message).toMatch(/ The pods of revision 3 still serve: 2 of 2 are ready\.$/);
  });

  it('has an error of one line, and the last log lines of a container below it', () => {
    const failure = { reason: 'CrashLoopBackOff', message: 'It keeps ending.' };
    expect(errorOf(failure, undefined)).toBe('It keeps ending.');
    expect(errorOf({ ...failure, log: ['a', 'b'] }, 'Job x goes back.')).toBe(
      'It keeps ending. Job x goes back. Its last log lines:\na\nb',
    );
  });

  it('formats durations in whole units', () => {
    const formatted = [1_000, 90_000, 60_000, 7_200_000, 400].map(formatDuration);
    expect(formatted).toEqual(['1 second', '90 seconds', '1 minute', '2 hours', '1 second']);
  });
});
