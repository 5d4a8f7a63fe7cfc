import { describe, expect, it } from '@jest/globals';
import type { Osid } from '@runos/osid';
import type { BundleReport } from './bundle-report.js';
import { type Desired, observe, type Observed } from './observation.js';

const digest = 'd'.repeat(64);
const desired = (over: Partial<Desired> = {}): Desired => ({
  generation: 3,
  bundleGeneration: 3,
  hasQueue: false,
  digest,
  deleting: false,
  diverged: false,
  replicas: 3,
  revision: 3,
  readyRevision: null,
  ...over,
});
const before = (over: Partial<Observed> = {}): Observed => ({
  state: 'applying',
  reason: null,
  message: null,
  conditions: [],
  observedGeneration: 2,
  readyReplicas: 0,
  objects: [],
  ...over,
});
const report = (phase: BundleReport['phase'], over: Partial<BundleReport> = {}): BundleReport => ({
  osid: 'valkey-3f9k2' as Osid,
  generation: 3,
  digest,
  phase,
  conditions: [],
  objects: [],
  ...over,
});
const now = new Date('2030-01-01T00:00:00Z');
const observeReport = (
  phase: BundleReport['phase'],
  observed: Partial<Observed> = {},
  reported: Partial<BundleReport> = {},
  desiredState: Partial<Desired> = {},
) => observe(desired(desiredState), before(observed), report(phase, reported), now);
const failing = {
  apiVersion: 'v1',
  kind: 'Pod',
  name: 'x-0',
  state: 'failed' as const,
  reason: 'OOMKilled',
  message: 'x-0 needs more memory.',
};

describe('an observation', () => {
  it('of an instance that is being deleted has no ready replica, also after a late report', () => {
    const replicas = { desired: 3, ready: 3 };
    const deleting = { deleting: true, generation: 4, bundleGeneration: 4 };
    const late = observeReport('ready', { state: 'deleting' }, { replicas }, deleting);
    expect(late.observed).toMatchObject({ state: 'deleting', readyReplicas: 0 });
    expect(observeReport('deleting', {}, { replicas }, { deleting: true }).observed.readyReplicas).toBe(0);
  });

  it('has the state of the reported phase', () => {
    const states = (['applying', 'applied', 'ready', 'degraded', 'failed'] as const).map(
      (phase) => observeReport(phase).observed.state,
    );
    expect(states).toEqual(['applying', 'applying', 'healthy', 'degraded', 'unhealthy']);
  });

  it('is about the generation of its bundle while later ones are queued, and never about an earlier one', () => {
    const queued = { generation: 5, hasQueue: true };
    expect(observeReport('ready', {}, {}, queued)).toMatchObject({
      current: true,
      observed: { observedGeneration: 3 },
    });
    const renamed = observeReport('ready', { observedGeneration: 4 }, {}, queued);
    expect(renamed).toMatchObject({ current: true, observed: { observedGeneration: 4, state: 'healthy' } });
    expect(observeReport('ready', {}, {}, { generation: 5 }).observed.observedGeneration).toBe(5);
  });

  it('is degraded, not applying, after the instance was ready at this generation', () => {
    const up = { state: 'healthy', observedGeneration: 3 } as const;
    expect(observeReport('applied', up).observed.state).toBe('degraded');
    expect(observeReport('applied', { ...up, state: 'unhealthy' }).observed.state).toBe('unhealthy');
    expect(observeReport('applied', { ...up, observedGeneration: 2 }).observed.state).toBe('applying');
  });

  it('is unhealthy without a ready replica, and degraded with less than desired', () => {
    const up = { state: 'healthy', observedGeneration: 3 } as const;
    const stateWith = (phase: BundleReport['phase'], observed: Partial<Observed>, ready: number) =>
      observeReport(phase, observed, { replicas: { desired: 3, ready } }).observed.state;
    for (const phase of ['applied', 'degraded', 'applying'] as const) {
      expect(stateWith(phase, up, 0)).toBe('unhealthy');
      expect(stateWith(phase, up, 2)).toBe('degraded');
      expect(stateWith(phase, { ...up, state: 'unhealthy' }, 1)).toBe('degraded');
    }
    expect(stateWith('applied', {}, 0)).toBe('applying'); // it has never been ready
    expect(observeReport('applied', up, { replicas: { desired: 0, ready: 0 } }).observed.state).toBe('degraded');
  });

  it('stays deleting for every report while the instance is deleted', () => {
    expect(observeReport('ready', { state: 'deleting' }, {}, { deleting: true }).observed.state).toBe('deleting');
  });

  it('does not apply the status of an older bundle', () => {
    const { observed, current } = observeReport('ready', { observedGeneration: 1 }, { generation: 2 });
    const { state, observedGeneration } = observed;
    expect({ current, state, observedGeneration }).toEqual({
      current: false,
      state: 'applying',
      observedGeneration: 2,
    });
    expect(observeReport('ready', {}, { digest: 'e'.repeat(64) }).current).toBe(false);
    const late = before({ observedGeneration: 3 });
    expect(observe(desired(), late, report('failed', { generation: 1 }), now).observed).toBe(late);
  });

  it('observes a new name immediately, because no object carries it', () => {
    const { current, observed } = observeReport('ready', {}, {}, { generation: 5 });
    expect([current, observed.observedGeneration]).toEqual([true, 5]);
  });

  it('explains a problem, and has no reason without one', () => {
    const objects = [failing];
    expect(observeReport('failed', {}, { objects }).observed).toMatchObject({
      reason: 'OOMKilled',
      message: failing.message,
    });
    expect(observeReport('ready', { reason: 'OOMKilled', message: 'x' }).observed).toMatchObject({
      reason: null,
      message: null,
    });
  });

  it('states which pods serve while a later revision is rolled out', () => {
    const rollout = { revision: 4, readyRevision: 3 };
    const replicas = { desired: 3, ready: 2, outdated: 2 };
    const during = (phase: BundleReport['phase'], count: BundleReport['replicas']) =>
      observeReport(phase, {}, { objects: [failing], replicas: count }, rollout).observed;
    expect(during('failed', replicas)).toMatchObject({
      state: 'degraded',
      message: `${failing.message} The pods of revision 3 still serve: 2 of 3 are ready.`,
    });
    expect(during('failed', { desired: 3, ready: 0 })).toMatchObject({
      state: 'unhealthy',
      message: `${failing.message} No pod serves.`,
    });
  });

  it('keeps the time of an unchanged condition, and drops conditions that are no longer reported', () => {
    const since = '2029-01-01T00:00:00.000Z';
    const of = (type: string) => ({ type, status: 'True' as const, reason: 'R', message: '' });
    const conditions = ['Accepted', 'Ready', 'Removed'].map((type) => ({ ...of(type), observedGeneration: 2, since }));
    const { observed } = observeReport('ready', { conditions }, { conditions: [of('Ready'), of('Applied')] });
    expect(observed.conditions.map(({ type, since: at }) => [type, at])).toEqual([
      ['Accepted', since],
      ['Applied', now.toISOString()],
      ['Ready', since],
    ]);
  });

  it('is serious with a failed or degraded object, and not while objects only start', () => {
    const up = { state: 'healthy', observedGeneration: 3 } as const;
    expect(observeReport('degraded', up, { objects: [{ ...failing, state: 'degraded' }] }).serious).toBe(true);
    expect(observeReport('applied', up).serious).toBe(false);
    expect(observeReport('failed').serious).toBe(true);
    expect(observeReport('ready').serious).toBe(false);
  });

  it('takes ready replicas from the report, or derives them from the phase', () => {
    expect(observeReport('degraded', {}, { replicas: { desired: 3, ready: 2 } }).observed.readyReplicas).toBe(2);
    expect(observeReport('ready').observed.readyReplicas).toBe(3);
    expect(observeReport('degraded', { readyReplicas: 3 }).observed.readyReplicas).toBe(2);
    expect(observeReport('failed', { readyReplicas: 3 }).observed.readyReplicas).toBe(0);
  });
});
