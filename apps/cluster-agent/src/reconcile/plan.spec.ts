import { describe, expect, it } from '@jest/globals';
import type { PendingChange } from '../instances/pending-changes.js';
import { type ObservedInstance, mayPrune, planRequeue, planWave, type ReconcileProgress } from './plan.js';

const now = 1_000;
const namespaceKey = '/Namespace//a';

const observed = (
  pending: Record<string, PendingChange>,
  changes: Partial<ObservedInstance> = {},
): ObservedInstance => ({
  namespaceKey,
  pending: new Map(Object.entries(pending)),
  isOutdated: false,
  isNamespaceTerminating: false,
  ...changes,
});

const progress = (changes: Partial<ReconcileProgress> = {}): ReconcileProgress => ({
  failures: [],
  growthAgainInMs: Infinity,
  pruneAgainInMs: Infinity,
  conflictEndsInMs: Infinity,
  reclaimInMs: Infinity,
  ...changes,
});

describe('the plan of a wave', () => {
  it('has the pending changes of the wave whose delay has passed', () => {
    const instance = observed({
      a: { kind: 'apply' },
      b: { kind: 'changed', notBefore: now },
      c: { kind: 'changed', notBefore: now + 1 },
      other: { kind: 'apply' },
    });
    expect(planWave(instance, ['a', 'b', 'c', 'unchanged'], now)).toEqual(['a', 'b']);
  });

  it('ends the reconcile when a newer bundle is stored, or the namespace is terminating', () => {
    const pending = { a: { kind: 'apply' } } as const;
    expect(planWave(observed(pending, { isOutdated: true }), ['a'], now)).toBeUndefined();
    expect(planWave(observed(pending, { isNamespaceTerminating: true }), ['a'], now)).toBeUndefined();
  });

  it('puts the namespace first', () => {
    const instance = observed({ [namespaceKey]: { kind: 'missing' }, a: { kind: 'apply' } });
    expect(planWave(instance, [namespaceKey], now)).toEqual([namespaceKey]);
    expect(planWave(instance, ['a'], now)).toBeUndefined();
  });

  it('waits for a blocked namespace, unless it exists and only a change of it is refused', () => {
    const blocked = (what: 'create' | 'change') =>
      observed({ [namespaceKey]: { kind: 'apply', blocked: what, notBefore: now + 500 }, a: { kind: 'apply' } });
    expect(planWave(blocked('change'), ['a'], now)).toEqual(['a']);
    const foreign = blocked('create');
    expect(planWave(foreign, ['a'], now)).toBeUndefined();
    expect(planRequeue(foreign, progress(), now)).toMatchObject({ requeueAfterMs: 500 });
  });
});

describe('pruning', () => {
  it('waits until no change is pending', () => {
    expect(mayPrune(observed({}))).toBe(true);
    expect(mayPrune(observed({ a: { kind: 'changed', notBefore: now + 1 } }))).toBe(false);
    expect(mayPrune(observed({ a: { kind: 'apply', blocked: 'change', notBefore: now + 1 } }))).toBe(true);
    expect(mayPrune(observed({}, { isOutdated: true }))).toBe(false);
  });
});

describe('the requeue', () => {
  it('is not needed when nothing is pending', () => {
    expect(planRequeue(observed({}), progress(), now)).toMatchObject({ kind: 'reconciled', requeueAfterMs: undefined });
  });

  it('follows at once for a newer bundle, even after a failure', () => {
    const instance = observed({}, { isOutdated: true });
    expect(planRequeue(instance, progress({ failures: ['no'] }), now)).toMatchObject({ requeueAfterMs: 0 });
  });

  it('is left to the back-off after a failure', () => {
    const result = planRequeue(observed({ a: { kind: 'apply' } }), progress({ failures: ['first', 'second'] }), now);
    expect(result).toEqual({ kind: 'error', cause: 'first' });
  });

  it('follows at the earliest of delayed repairs, ends of conflicts and retries of pruning', () => {
    const delayed = observed({
      a: { kind: 'changed', notBefore: now + 300 },
      b: { kind: 'changed', notBefore: now + 90 },
    });
    const after = (changes: Partial<ReconcileProgress>) => planRequeue(delayed, progress(changes), now);
    expect(after({})).toMatchObject({ kind: 'requeue', requeueAfterMs: 90 });
    expect(after({ conflictEndsInMs: 50 })).toMatchObject({ requeueAfterMs: 50 });
    expect(planRequeue(observed({}), progress({ pruneAgainInMs: 5_000 }), now)).toMatchObject({
      requeueAfterMs: 5_000,
    });
  });

  it('depends on the namespace alone while that is missing, and on its watch while it is terminating', () => {
    const pending = { [namespaceKey]: { kind: 'missing', notBefore: now + 700 }, a: { kind: 'apply' } } as const;
    expect(planRequeue(observed(pending), progress(), now)).toMatchObject({ requeueAfterMs: 700 });
    const terminating = observed(pending, { isNamespaceTerminating: true });
    expect(planRequeue(terminating, progress(), now)).toMatchObject({ kind: 'reconciled', requeueAfterMs: undefined });
  });
});
