import { describe, expect, it } from '@jest/globals';
import { boundedStatus, maxMessageLength, maxStatusLength } from './bounded-status.js';

const object = (name: string, message: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name,
  state: 'failed' as const,
  message,
});
const condition = (message: string) => ({ type: 'Ready', status: 'False' as const, reason: 'NotReady', message });
const drift = (name: string, fields: string[]) => ({
  object: { apiVersion: 'v1', kind: 'ConfigMap', name },
  fields,
  at: '2026-01-01T00:00:00Z',
  action: 'reported' as const,
});

describe('a status of an agent', () => {
  it('of an ordinary size is not changed', () => {
    const status = { conditions: [condition('short')], objects: [object('a', 'short')], drift: [drift('b', ['spec'])] };
    expect(boundedStatus(status)).toEqual(status);
    expect(boundedStatus({ conditions: [], objects: [] })).toEqual({ conditions: [], objects: [] });
  });

  it('has messages of a bounded length', () => {
    const long = 'x'.repeat(4_096);
    const { conditions, objects } = boundedStatus({ conditions: [condition(long)], objects: [object('a', long)] });
    expect([conditions[0]?.message.length, objects[0]?.message?.length]).toEqual([maxMessageLength, maxMessageLength]);
  });

  it('as large as the protocol allows has a bounded length, and keeps the worst objects and all conditions', () => {
    const long = 'x'.repeat(4_096);
    const status = {
      conditions: Array.from({ length: 20 }, () => condition(long)),
      objects: Array.from({ length: 50 }, (_, n) => object(`pod-${n}`, long)),
      drift: Array.from({ length: 50 }, (_, n) =>
        drift(
          `map-${n}`,
          Array.from({ length: 100 }, () => 'y'.repeat(1_024)),
        ),
      ),
    };
    const bounded = boundedStatus(status);
    expect(JSON.stringify(bounded).length).toBeLessThanOrEqual(maxStatusLength + 100);
    expect(bounded.conditions).toHaveLength(20);
    expect(bounded.objects[0]?.name).toBe('pod-0');
    expect(bounded.objects.length).toBeGreaterThan(10);
  });
});
