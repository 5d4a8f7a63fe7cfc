import { describe, expect, it } from '@jest/globals';
import { findProblem } from './bundle-report.js';

const object = (state: 'ready' | 'failed' | 'applied', message?: string) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  namespace: 'ns',
  name: 'web',
  state,
  ...(message === undefined ? {} : { message, reason: 'Because' }),
});
const condition = (type: string, message: string, status: 'True' | 'False' = 'False') => ({
  type,
  status,
  reason: `${type}Reason`,
  message,
});

describe('the problem of an instance', () => {
  it('is that of the worst object with a message, and names the object once', () => {
    const found = findProblem({
      objects: [object('failed'), object('applied', 'web waits for a volume.'), object('ready')],
      conditions: [condition('Ready', 'not ready')],
    });
    expect(found).toEqual({ reason: 'Because', message: 'web waits for a volume.' });
    expect(findProblem({ objects: [object('failed', 'Out of memory.')], conditions: [] })?.message).toBe(
      'StatefulSet web: Out of memory.',
    );
  });

  it('is else that of an unmet condition, except unrelated conditions', () => {
    const conditions = [condition('Drifted', 'a conflict'), condition('Applied', '1 of 3 objects applied.')];
    expect(findProblem({ objects: [object('applied')], conditions })).toEqual({
      reason: 'AppliedReason',
      message: '1 of 3 objects applied.',
    });
  });

  it('is else the command that describes the object', () => {
    expect(findProblem({ objects: [object('failed')], conditions: [] })?.message).toContain(
      'kubectl describe statefulset web -n ns',
    );
  });

  it('is undefined for a ready instance', () => {
    expect(findProblem({ objects: [object('ready')], conditions: [condition('Ready', '', 'True')] })).toBeUndefined();
  });
});
