import { describe, expect, it } from '@jest/globals';
import type { Osid } from '@runos/osid';
import { observe, type Observed, type Wanted } from './observe.js';
import type { Report } from './report.js';

const digest = 'd'.repeat(64);
const wanted = (over: Partial<Wanted> = {}): Wanted => ({
  ...{ generation: 3, bundleGeneration: 3, digest, deleting: false, replicas: 3 },
  ...over,
});
const before = (over: Partial<Observed> = {}): Observed => ({
  ...{
    state: 'applying',
    reason: null,
    message: null,
    conditions: [],
    observedGeneration: 2,
    readyReplicas: 0,
    objects: [],
  },
  ...over,
});
const report = (phase: Report['phase'], over: Partial<Report> = {}): Report => ({
  ...{ osid: 'valkey-3f9k2' as Osid, generation: 3, digest, phase, conditions: [], objects: [] },
  ...over,
});
const now = new Date('2030-01-01T00:00:00Z');
const seen = (
  phase: Report['phase'],
  was: Partial<Observed> = {},
  of: Partial<Report> = {},
  want: Partial<Wanted> = {},
) => observe(wanted(want), before(was), report(phase, of), now);
const failing = {
  apiVersion: 'v1',
  kind: 'Pod',
  name: 'x-0',
  state: 'failed' as const,
  reason: 'OOMKilled',
  message: 'x-0 needs more memory.',
};

describe('observing', () => {
  it('goes from applying to healthy, degraded or unhealthy as the agent says', () => {
    const states = (['applying', 'applied', 'ready', 'degraded', 'failed'] as const).map(
      (phase) => seen(phase).observed.state,
    );
    expect(states).toEqual(['applying', 'applying', 'healthy', 'degraded', 'unhealthy']);
  });

  it('does not call it a beginning again once it was up at this generation', () => {
    const up = { state: 'healthy', observedGeneration: 3 } as const;
    expect(seen('applied', up).observed.state).toBe('degraded');
    expect(seen('applied', { ...up, state: 'unhealthy' }).observed.state).toBe('unhealthy');
    expect(seen('applied', { ...up, observedGeneration: 2 }).observed.state).toBe('applying');
  });

  it('stays deleting, whatever is said, once that is wanted', () => {
    expect(seen('ready', { state: 'deleting' }, {}, { deleting: true }).observed.state).toBe('deleting');
  });

  it('takes an older bundle for what it is', () => {
    const { observed, current } = seen('ready', { observedGeneration: 1 }, { generation: 2 });
    expect({ current, state: observed.state, generation: observed.observedGeneration }).toEqual({
      ...{ current: false, state: 'applying', generation: 2 },
    });
    expect(seen('ready', {}, { digest: 'e'.repeat(64) }).current).toBe(false);
    const late = before({ observedGeneration: 3 });
    expect(observe(wanted(), late, report('failed', { generation: 1 }), now).observed).toBe(late);
  });

  it('counts a change of name as observed: nothing in the cluster carries it', () => {
    const { current, observed } = seen('ready', {}, {}, { generation: 5 });
    expect([current, observed.observedGeneration]).toEqual([true, 5]);
  });

  it('explains what is wrong, and nothing when all is well', () => {
    const objects = [failing];
    expect(seen('failed', {}, { objects }).observed).toMatchObject({ reason: 'OOMKilled', message: failing.message });
    expect(seen('ready', { reason: 'OOMKilled', message: 'x' }).observed).toMatchObject({
      reason: null,
      message: null,
    });
  });

  it('keeps the time of a condition that stays, and drops what is no longer spoken of', () => {
    const since = '2029-01-01T00:00:00.000Z';
    const of = (type: string) => ({ type, status: 'True' as const, reason: 'R', message: '' });
    const conditions = ['Accepted', 'Ready', 'Removed'].map((type) => ({ ...of(type), observedGeneration: 2, since }));
    const { observed } = seen('ready', { conditions }, { conditions: [of('Ready'), of('Applied')] });
    expect(observed.conditions.map(({ type, since: at }) => [type, at])).toEqual([
      ['Accepted', since],
      ['Applied', now.toISOString()],
      ['Ready', since],
    ]);
  });

  it('tells of a move between lasting states when something is badly off, not of a pod that moves', () => {
    const up = { state: 'healthy', observedGeneration: 3 } as const;
    expect(seen('degraded', up, { objects: [{ ...failing, state: 'degraded' }] }).moved).toEqual({
      from: 'healthy',
      to: 'degraded',
    });
    expect(seen('applied', up).moved).toBeUndefined();
    expect(seen('ready', { ...up, state: 'degraded' }).moved).toBeUndefined();
    expect(seen('ready', { ...up, state: 'degraded', objects: [failing] }).moved).toEqual({
      from: 'degraded',
      to: 'healthy',
    });
    expect(seen('ready').moved).toBeUndefined();
  });

  it('counts replicas as the agent does, or guesses from the phase', () => {
    expect(seen('degraded', {}, { replicas: { desired: 3, ready: 2 } }).observed.readyReplicas).toBe(2);
    expect(seen('ready').observed.readyReplicas).toBe(3);
    expect(seen('degraded', { readyReplicas: 3 }).observed.readyReplicas).toBe(2);
    expect(seen('failed', { readyReplicas: 3 }).observed.readyReplicas).toBe(0);
  });
});
