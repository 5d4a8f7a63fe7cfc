import { describe, expect, it } from '@jest/globals';
import { troubleIn } from './trouble.js';

const object = (state: 'ready' | 'failed' | 'applied', message?: string) => ({
  ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'ns', name: 'web', state },
  ...(message === undefined ? {} : { message, reason: 'Because' }),
});
const condition = (type: string, message: string, status: 'True' | 'False' = 'False') => ({
  ...{ type, status, reason: `${type}Reason`, message },
});

describe('what is wrong', () => {
  it('is told by the worst object that explains itself, naming it once', () => {
    const found = troubleIn({
      objects: [object('failed'), object('applied', 'web waits for a volume.'), object('ready')],
      conditions: [condition('Ready', 'not ready')],
    });
    expect(found).toEqual({ reason: 'Because', message: 'web waits for a volume.' });
    expect(troubleIn({ objects: [object('failed', 'Out of memory.')], conditions: [] })?.message).toBe(
      'StatefulSet web: Out of memory.',
    );
  });

  it('else by a condition that is not met, but not by one that tells of something else', () => {
    const conditions = [condition('Drifted', 'a fight'), condition('Applied', '1 of 3 objects applied.')];
    expect(troubleIn({ objects: [object('applied')], conditions })).toEqual({
      reason: 'AppliedReason',
      message: '1 of 3 objects applied.',
    });
  });

  it('else is where to look', () => {
    expect(troubleIn({ objects: [object('failed')], conditions: [] })?.message).toContain(
      'kubectl describe statefulset web -n ns',
    );
  });

  it('is nothing when all is well', () => {
    expect(troubleIn({ objects: [object('ready')], conditions: [condition('Ready', '', 'True')] })).toBeUndefined();
  });
});
