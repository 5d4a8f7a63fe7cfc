import { describe, expect, it } from '@jest/globals';
import { type AcceptedJob, jobsBehind, planQueue } from './queue-plan.js';

const job = (jobId: string, type: AcceptedJob['type'], queuePosition: number | null = null): AcceptedJob => ({
  jobId,
  type,
  queuePosition,
});
const restarting = job('restarting', 'service.restart');
const updating = job('updating', 'service.update');

describe('the place of a new job in the queue', () => {
  it.each(['service.update', 'service.restart'] as const)('%s starts when nothing is open', (type) => {
    expect(planQueue(type, [])).toEqual({ superseded: [], queuePosition: null });
  });

  it('a rollout supersedes the started rollout and starts, also in front of queued actions', () => {
    const open = [updating, job('queued', 'service.restart', 1)];
    expect(planQueue('service.update', open)).toEqual({ superseded: ['updating'], queuePosition: null });
  });

  it('a rollout starts in front of queued actions when no job has started', () => {
    const open = [job('queued', 'service.restart', 1)];
    expect(planQueue('service.update', open)).toEqual({ superseded: [], queuePosition: null });
  });

  it('a rollout waits behind a started action, and takes the place of the queued rollout', () => {
    expect(planQueue('service.update', [restarting])).toEqual({ superseded: [], queuePosition: 1 });
    const open = [restarting, job('rollout', 'service.update', 1), job('action', 'service.restart', 2)];
    expect(planQueue('service.update', open)).toEqual({ superseded: ['rollout'], queuePosition: 1 });
  });

  it('an action waits behind everything and supersedes nothing', () => {
    const open = [updating, job('first', 'service.restart', 4)];
    expect(planQueue('service.restart', open)).toEqual({ superseded: [], queuePosition: 5 });
  });

  it.each(['service.update', 'service.restart'] as const)(
    'a forced %s starts, and supersedes all but queued actions',
    (type) => {
      const open = [restarting, job('rollout', 'service.update', 1), job('action', 'service.restart', 2)];
      expect(planQueue(type, open, true)).toEqual({ superseded: ['restarting', 'rollout'], queuePosition: null });
      expect(planQueue(type, [updating], true)).toEqual({ superseded: ['updating'], queuePosition: null });
    },
  );

  it('a deletion starts and supersedes everything', () => {
    const open = [restarting, job('rollout', 'service.update', 1), job('action', 'service.restart', 2)];
    const superseded = ['restarting', 'rollout', 'action'];
    expect(planQueue('service.delete', open)).toEqual({ superseded, queuePosition: null });
  });
});

describe('the jobs behind a new one', () => {
  const actions = [job('first', 'service.restart', 2), job('second', 'service.restart', 3)];

  it('are the queued actions after its place, in order', () => {
    const open = [restarting, job('rollout', 'service.update', 1), ...actions];
    expect(jobsBehind(open, planQueue('service.update', open))).toEqual(['first', 'second']);
    expect(jobsBehind(open, planQueue('service.restart', open))).toEqual([]);
  });

  it('are all queued actions when it starts, and none after a deletion', () => {
    const open = [updating, ...actions];
    expect(jobsBehind(open, planQueue('service.update', open))).toEqual(['first', 'second']);
    expect(jobsBehind(open, planQueue('service.restart', open, true))).toEqual(['first', 'second']);
    expect(jobsBehind(open, planQueue('service.delete', open))).toEqual([]);
  });
});
