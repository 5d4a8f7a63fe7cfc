import { describe, expect, it } from '@jest/globals';
import { builtInCatalog } from '@runos/kube-kinds';
import { isLate, planSteps, requeueAfterMs, startsNextStep } from './plan-removal.js';

const ref = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, name, namespace: 'a' });
const claim = (name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'a' },
});

describe('the plan of a removal', () => {
  it('deletes claims that workloads created, each once, after the workloads', () => {
    const inventory = [ref('apps/v1', 'StatefulSet', 'db'), ref('v1', 'PersistentVolumeClaim', 'known')];
    const steps = planSteps(builtInCatalog, inventory, [claim('known'), claim('data-db-0')]);
    expect(steps.map(({ name, refs }) => [name, refs.map((each) => each.name)])).toEqual([
      ['workloads', ['db']],
      ['claims', ['known', 'data-db-0']],
    ]);
  });

  it('starts the next step when nothing remains, or when it is late', () => {
    expect(startsNextStep('workloads', 0, false)).toBe(true);
    expect(startsNextStep('workloads', 1, false)).toBe(false);
    expect(startsNextStep('workloads', 1, true)).toBe(true);
  });

  it('is requeued at the interval, and at the moment at which it is late', () => {
    const times = (elapsedMs: number) => ({ elapsedMs, deletionBlockedAfterMs: 60_000, requeueMs: 5_000 });
    expect(requeueAfterMs(times(0))).toBe(5_000);
    expect(requeueAfterMs(times(58_000))).toBe(2_000);
    expect(requeueAfterMs(times(60_000))).toBe(5_000);
    expect([isLate(times(59_999)), isLate(times(60_000))]).toEqual([false, true]);
  });
});
