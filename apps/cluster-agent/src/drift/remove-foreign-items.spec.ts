import { describe, expect, it } from '@jest/globals';
import { type JsonPatchStep, type KubeClient, KubeError } from '@runos/kube-client';
import { compileExclusive, type KubeObject } from '@runos/kube-objects';
import { removeForeignItems } from './remove-foreign-items.js';

const exclusive = compileExclusive([{ path: 'spec.items[]' }]);
const desired: KubeObject = {
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'a' },
  spec: { items: [{ name: 'a' }] },
};
const conflict = new KubeError('stale', { status: 409, reason: 'Conflict' });

/** A live object with our item `a` and these foreign ones. */
const live = (resourceVersion: string, ...names: string[]): KubeObject => {
  const owned = (all: string[]) => ({
    'f:spec': { 'f:items': Object.fromEntries(all.map((name) => [`k:{"name":"${name}"}`, { '.': {} }])) },
  });
  const managedFields = [
    { manager: 'runos', operation: 'Apply', fieldsV1: owned(['a']) },
    { manager: 'other', operation: 'Update', fieldsV1: owned(names) },
  ];
  const items = [...names, 'a'].map((name) => ({ name }));
  return { ...desired, metadata: { name: 'a', uid: 'u', resourceVersion, managedFields }, spec: { items } };
};

/** A client whose patches have these results, and whose reads return these objects. */
function clientOf(results: (KubeObject | KubeError)[], reads: (KubeObject | undefined)[] = []) {
  const patches: (readonly JsonPatchStep[])[] = [];
  const client = {
    jsonPatch: (_: unknown, steps: readonly JsonPatchStep[]) => {
      patches.push(steps);
      const result = results.shift() ?? conflict;
      return result instanceof KubeError ? Promise.reject(result) : Promise.resolve(result);
    },
    find: () => Promise.resolve(reads.shift()),
  } as Partial<KubeClient> as KubeClient;
  const remove = (object: KubeObject) => removeForeignItems(client, object, desired, exclusive, {});
  return { patches, remove };
}

describe('the removal of foreign items', () => {
  it('removes the last items of a list first, from the compared state alone', async () => {
    const { patches, remove } = clientOf([live('6')]);
    const before = live('5', 'x', 'y');
    expect(await remove(before)).toEqual({ before, after: live('6') });
    expect(patches).toEqual([
      [
        { op: 'replace', path: '/metadata/resourceVersion', value: '5' },
        { op: 'remove', path: '/spec/items/1' },
        { op: 'remove', path: '/spec/items/0' },
      ],
    ]);
  });

  it('writes nothing without foreign items, and none that is desired', async () => {
    const { patches, remove } = clientOf([]);
    const managedFields = live('5').metadata.managedFields?.slice(1);
    const taken = { ...live('5', 'a'), metadata: { ...live('5', 'a').metadata, managedFields } };
    for (const object of [live('5'), taken]) expect(await remove(object)).toEqual({ before: object, after: object });
    expect(patches).toEqual([]);
  });

  it('compares again what was written since', async () => {
    const newer = live('6', 'y');
    const { patches, remove } = clientOf([conflict, live('7')], [newer]);
    expect(await remove(live('5', 'x'))).toEqual({ before: newer, after: live('7') });
    expect(patches.map(([step]) => step?.value)).toEqual(['5', '6']);
  });

  it('compares again after a refusal of a stale patch, whose item is gone', async () => {
    const newer = live('6');
    const stale = new KubeError('rejected', { status: 422, reason: 'Invalid' });
    expect(await clientOf([stale], [newer]).remove(live('5', 'x'))).toEqual({ before: newer, after: newer });
    await expect(clientOf([stale], [live('5', 'x')]).remove(live('5', 'x'))).rejects.toBe(stale);
  });

  it('ends when the object is deleted or replaced, and gives up when it changes too often', async () => {
    expect(await clientOf([conflict], [undefined]).remove(live('5', 'x'))).toBeUndefined();
    const replaced = { ...live('6', 'x'), metadata: { ...live('6', 'x').metadata, uid: 'another' } };
    expect(await clientOf([conflict], [replaced]).remove(live('5', 'x'))).toBeUndefined();
    const { patches, remove } = clientOf(
      [],
      [6, 7, 8].map((version) => live(String(version), 'x')),
    );
    await expect(remove(live('5', 'x'))).rejects.toBe(conflict);
    expect(patches).toHaveLength(4);
  });
});
