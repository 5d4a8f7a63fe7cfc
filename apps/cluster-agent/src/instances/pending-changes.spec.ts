import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '@runos/kube-objects';
import { OwnWrites } from './own-writes.js';
import { mergeChanges } from './pending-changes.js';

const state = (resourceVersion: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'b', resourceVersion: String(resourceVersion) },
});
const changed = (resourceVersion: number) => ({ kind: 'changed', live: state(resourceVersion) }) as const;

describe('two changes of one object', () => {
  it('are the newer one, with the older drifted state', () => {
    expect(mergeChanges(changed(1), changed(3))).toEqual({ ...changed(3), overwrites: [state(1)] });
    const overwritten = { kind: 'overwritten', overwrites: [state(1)] } as const;
    expect(mergeChanges(overwritten, changed(3))).toEqual({ ...changed(3), overwrites: [state(1)] });
    expect(mergeChanges(changed(3), overwritten)).toEqual({ ...changed(3), overwrites: [state(1)] });
  });

  it('are a read of the object if it may be deleted', () => {
    expect(mergeChanges(changed(1), { kind: 'missing' })).toEqual({ kind: 'missing' });
  });

  it('are an apply with the drifted states that it overwrites', () => {
    const apply = { kind: 'apply' } as const;
    expect(mergeChanges(changed(1), apply)).toEqual({ ...apply, overwrites: [state(1)] });
    const once = mergeChanges(apply, changed(1));
    expect(mergeChanges(once, changed(2))).toEqual({ ...apply, overwrites: [state(1), state(2)] });
  });

  it('are an apply at once for another bundle, also if the last apply is blocked', () => {
    const blocked = { kind: 'apply', blocked: 'change', notBefore: 5 } as const;
    expect(mergeChanges(blocked, { kind: 'apply' })).toEqual({ kind: 'apply' });
  });

  it('keep a blocked apply, which a deletion of the object attempts at once', () => {
    const blocked = { kind: 'apply', blocked: 'change', notBefore: 5 } as const;
    expect(mergeChanges(blocked, { kind: 'missing' })).toEqual({ kind: 'apply' });
    const overwritten = { kind: 'overwritten', overwrites: [state(1)] } as const;
    expect(mergeChanges(blocked, overwritten)).toEqual({ ...blocked, overwrites: [state(1)] });
  });
});

it('our last writes are known', () => {
  const writes = new OwnWrites();
  for (const version of [2, 6]) writes.record(state(version));
  expect([writes.areAfter(state(5)), writes.areAfter(state(6)), writes.includes(state(2))]).toEqual([
    true,
    false,
    true,
  ]);
});
