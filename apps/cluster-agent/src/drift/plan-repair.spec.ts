import { describe, expect, it } from '@jest/globals';
import { conflictResetMs } from '@runos/engine';
import { builtInCatalog } from '@runos/kube-kinds';
import { type KubeObject, ownedHash, refOf } from '@runos/kube-objects';
import { ObjectState } from '../instances/object-state.js';
import { type ObservedObject, planChanged, planMissing, planRepair } from './plan-repair.js';

/** A ConfigMap whose only value is ours. */
const configMap = (
  value: string,
  { uid = 'u', deletionTimestamp, resourceVersion }: Partial<KubeObject['metadata']> = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'a',
    namespace: 'n',
    uid,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    managedFields: [{ manager: 'runos', operation: 'Apply', fieldsV1: { 'f:data': { 'f:key': {} } } }],
  },
  data: { key: value },
});

const applied = configMap('ours');

function observed(change: Partial<ObservedObject> = {}, { isApplied = true, repairedAt = NaN } = {}): ObservedObject {
  const state = new ObjectState(refOf(applied), 'hash', builtInCatalog);
  if (isApplied) state.recordApplied(applied);
  if (!Number.isNaN(repairedAt)) state.recordRepaired(repairedAt);
  const { live = applied } = change;
  return { change: { kind: 'changed', live }, live, state, driftPolicy: 'repair', now: 0, ...change };
}

describe('the plan for a changed object', () => {
  it('is an apply for a new bundle, whatever the live object is', () => {
    expect(planRepair(observed({ change: { kind: 'apply' }, live: undefined }))).toEqual({ kind: 'apply' });
  });

  it('is nothing without drift, and to wait while it is being deleted', () => {
    expect(planRepair(observed())).toEqual({ kind: 'none' });
    const deleted = configMap('foreign', { deletionTimestamp: '2026-11-29T00:00:00Z' });
    expect(planRepair(observed({ live: deleted }))).toEqual({ kind: 'wait' });
  });

  it('is a repair, or a report if the policy is to report', () => {
    const live = configMap('foreign');
    expect(ownedHash(live)).not.toBe(ownedHash(applied));
    expect(planRepair(observed({ live }))).toEqual({ kind: 'repair', live, isOverwritten: true, mayConflict: false });
    const plan = planRepair(observed({ live, driftPolicy: 'report' }));
    expect(plan).toEqual({ kind: 'report-changed', live, isOverwritten: true });
  });

  it('looks for a conflict only while the last repair is recent', () => {
    const live = configMap('foreign');
    const planAt = (now: number) => planChanged(observed({ live, now }, { repairedAt: 1_000 }), live);
    expect(planAt(1_000 + 2 * conflictResetMs - 1)).toMatchObject({ mayConflict: true });
    expect(planAt(1_000 + 2 * conflictResetMs)).toMatchObject({ mayConflict: false });
  });

  it('is a recreation if another object has its name, unless the policy is to report', () => {
    const live = configMap('ours', { uid: 'other' });
    expect(planRepair(observed({ live }))).toEqual({ kind: 'recreate', cause: 'replaced' });
    expect(planRepair(observed({ live, driftPolicy: 'report' }))).toEqual({ kind: 'none' });
  });

  it('is nothing to write if a later write of ours has reverted the change', () => {
    const change = { kind: 'overwritten', live: configMap('foreign') } as const;
    expect(planRepair(observed({ change, live: applied }))).toEqual({ kind: 'reverted' });
    const state = new ObjectState(refOf(applied), 'hash', builtInCatalog);
    state.recordApplied(configMap('ours', { resourceVersion: '7' }));
    const changedAt = (resourceVersion: string) => {
      const live = configMap('foreign', { resourceVersion });
      return planRepair({ ...observed({ change: { kind: 'changed', live }, live }), state });
    };
    expect(changedAt('6')).toEqual({ kind: 'reverted' });
    expect(changedAt('8')).toMatchObject({ kind: 'repair' });
  });
});

describe('the plan for a missing object', () => {
  it('is a recreation, or a report if the policy is to report', () => {
    const missing = { change: { kind: 'missing' }, live: undefined } as const;
    expect(planRepair({ ...observed(), ...missing })).toEqual({ kind: 'recreate', cause: 'deleted' });
    expect(planRepair({ ...observed({ driftPolicy: 'report' }), ...missing })).toEqual({ kind: 'report-deleted' });
  });

  it('is a creation if it was never applied, or if we have deleted it ourselves', () => {
    expect(planMissing(observed({}, { isApplied: false }))).toEqual({ kind: 'create' });
    const { state, ...facts } = observed({ driftPolicy: 'report' });
    (state as ObjectState).recordRecreating();
    expect(planMissing({ ...facts, state })).toEqual({ kind: 'create' });
  });
});
