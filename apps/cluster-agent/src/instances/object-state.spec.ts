import { describe, expect, it } from '@jest/globals';
import { builtInCatalog } from '@runos/kube-kinds';
import type { KubeObject, ObjectMeta } from '@runos/kube-objects';
import type { AppliedObject } from '../bundles/bundle-record.js';
import { ObjectState } from './object-state.js';

const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'a', name: 'a' };
const state = (applied?: AppliedObject) => new ObjectState(ref, 'new', builtInCatalog, applied);

const live = (resourceVersion: string, value: string, metadata: Partial<ObjectMeta> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'a',
    namespace: 'a',
    uid: 'u',
    resourceVersion,
    managedFields: [{ manager: 'runos', operation: 'Apply', fieldsV1: { 'f:data': { 'f:x': {} } } }],
    ...metadata,
  },
  data: { x: value },
});

describe('the history of an object', () => {
  it('shows that it was never applied', () => {
    expect(state().history).toEqual({ first: true, created: false });
  });

  it('shows that it was created with other content', () => {
    const created = { uid: 'u', ownedHash: 'h', created: true };
    expect(state({ ...created, desiredHash: 'old' }).history).toEqual({ first: false, created: true });
    expect(state({ ...created, desiredHash: 'new' }).history).toEqual({ first: false, created: false });
  });

  it('is empty for an object that was applied', () => {
    expect(state({ uid: 'u', ownedHash: 'h', desiredHash: 'old' }).history).toEqual({ first: false, created: false });
  });
});

describe('the state of an object', () => {
  it('is applied once the response to its apply is recorded, until another bundle desires it otherwise', () => {
    const object = state();
    expect(object.isApplied).toBe(false);
    object.recordApplied(live('5', '1'));
    expect(object.isApplied).toBe(true);
    expect(object.recordDesired(ref, 'new')).toBe(false);
    expect(object.recordDesired(ref, 'newer')).toBe(true);
    expect(object.isApplied).toBe(false);
  });

  it('ignores observations that are not newer', () => {
    const object = state();
    expect(object.recordObserved(live('5', '1'))).toBe(true);
    expect(object.recordObserved(live('5', '1', { deletionTimestamp: 'now' }))).toBe(false);
    expect(object.recordObserved(live('4', '1', { deletionTimestamp: 'now' }))).toBe(false);
    expect(object.isTerminating).toBe(false);
    expect(object.recordObserved(live('6', '1', { deletionTimestamp: 'now' }))).toBe(true);
    expect(object.isTerminating).toBe(true);
  });

  it('returns a foreign change that was observed before the older response to the first apply', () => {
    const object = state();
    object.recordEarlyEvent(live('7', 'foreign'));
    expect(object.recordApplied(live('6', '1'))?.metadata.resourceVersion).toBe('7');
    const same = state();
    same.recordEarlyEvent(live('7', '1'));
    expect(same.recordApplied(live('6', '1'))).toBeUndefined();
  });

  it('returns the response to an apply that contains what others have added to an exclusive field', () => {
    const added = { manager: 'other', operation: 'Update', fieldsV1: { 'f:data': { 'f:y': {} } } };
    const { managedFields = [] } = live('5', '1').metadata;
    const response = { ...live('5', '1', { managedFields: [...managedFields, added] }), data: { x: '1', y: '2' } };
    const object = state();
    expect(object.recordApplied(response)).toBe(response);
    expect(object.hasDrifted(response)).toBe(true);
    expect(object.hasDrifted(live('6', '1'))).toBe(false);
    expect(object.recordApplied(live('6', '1'))).toBeUndefined();
  });

  it('needs an apply after a problem or reported drift, although the bundle is the same', () => {
    const object = state();
    object.recordApplied(live('5', '1'));
    object.recordProblem({ reason: 'Blocked', message: 'no', blocked: true });
    expect(object.isApplied).toBe(false);
    expect(object.recordDesired(ref, 'new')).toBe(true);
    expect(object.problem).toBeUndefined();
    const drift = { fields: ['data.x'], driftHash: 'a' };
    expect(object.reported.record(drift, 'hash')).toBe(true);
    expect(object.reported.record(drift, 'other')).toBe(false);
    expect(object.reported.record({ ...drift, driftHash: 'b' }, 'other')).toBe(true);
    expect(object.recordDesired(ref, 'new')).toBe(true);
  });
});
