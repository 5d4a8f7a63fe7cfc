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
    // An event about its return may follow: what was deleted, or removed, is still reported.
    const missing = { kind: 'missing', left: state(2) } as const;
    expect(mergeChanges(missing, changed(3))).toEqual({ ...changed(3), left: state(2) });
  });

  it('are an apply with the drifted states that it overwrites', () => {
    const apply = { kind: 'apply' } as const;
    expect(mergeChanges(changed(1), apply)).toEqual({ ...apply, overwrites: [state(1)] });
    const once = mergeChanges(apply, changed(1));
    expect(mergeChanges(once, changed(2))).toEqual({ ...apply, overwrites: [state(1), state(2)] });
  });

  it('are an apply that reads the object first, in either order, if it may be deleted', () => {
    const [apply, missing] = [{ kind: 'apply' }, { kind: 'missing' }] as const;
    expect(mergeChanges(apply, missing)).toEqual({ kind: 'apply', mustRead: true });
    expect(mergeChanges(missing, apply)).toEqual({ kind: 'apply', mustRead: true });
  });

  it('are an apply at once for another bundle, also if the last apply is blocked', () => {
    const blocked = { kind: 'apply', blocked: 'change', notBefore: 5 } as const;
    expect(mergeChanges(blocked, { kind: 'apply' })).toEqual({ kind: 'apply' });
  });

  it('keep a blocked apply, which a deletion of the object attempts at once', () => {
    const blocked = { kind: 'apply', blocked: 'change', notBefore: 5 } as const;
    expect(mergeChanges(blocked, { kind: 'missing' })).toEqual({ kind: 'apply', mustRead: true });
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

describe('what our writes have replaced', () => {
  it('is unseen unless a precondition named it, or something newer', () => {
    const writes = new OwnWrites();
    writes.begin();
    writes.record(state(4), 'a');
    expect(writes.begin('6')).toBe('6');
    writes.record(state(8), 'b');
    const unseen = [3, 5, 6, 7, 9].filter((version) => writes.haveReplacedUnseen(state(version)));
    expect(unseen).toEqual([3, 7]);
    expect([3, 5, 9].map((version) => writes.contentBefore(state(version)))).toEqual([undefined, 'a', 'b']);
  });

  it('has no precondition after three that were stale, so that a busy object is written too', () => {
    const writes = new OwnWrites();
    const preconditions = ['1', '2', '3', '4'].map((version) => {
      const given = writes.begin(version);
      writes.recordStale();
      return given;
    });
    expect(preconditions).toEqual(['1', '2', '3', undefined]);
    writes.record(state(9));
    expect(writes.begin('9')).toBe('9');
  });
});
