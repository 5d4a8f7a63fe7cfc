import { describe, expect, it } from '@jest/globals';
import { Fault } from '@runos/kernel';
import fc from 'fast-check';
import { propertySeed } from '@runos/testing-basics';
import { gzipSync } from 'node:zlib';
import { packObjects, unpackObjects } from './bundle-codec.js';
import { canonicalJson } from './canonical-json.js';
import { entriesToPrune, mergeInventory, recordUid, withoutDeleted } from './inventory.js';
import { labelsOf, osidOf, hasSameOwner } from './labels.js';
import { type KubeObject, type ObjectRef, printRef, refKey, refOf } from './kube-object.js';
import { objectOf } from '../test/objects.js';

fc.configureGlobal({ seed: propertySeed() });

const ref = (kind: string, name = 'a', apiVersion = 'v1', namespace: string | undefined = 'n'): ObjectRef => ({
  apiVersion,
  kind,
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

describe('a bundle', () => {
  it('has a digest that depends on the order of its objects, not of their keys', () => {
    const [a, b] = [objectOf('ConfigMap', { data: { x: '1', y: '2' } }), objectOf('Secret')];
    const reordered = { kind: 'ConfigMap', data: { y: '2', x: '1' }, apiVersion: 'v1', metadata: a.metadata };
    const digestOf = (...objects: KubeObject[]) => packObjects(objects).digest;
    expect(digestOf(a)).toBe(digestOf(reordered));
    expect(digestOf(a, b)).not.toBe(digestOf(b, a));
    expect(digestOf()).toBe('4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945');
  });

  it('is unpacked as it was packed', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(fc.array(fc.dictionary(text, text), { maxLength: 5 }), (all) => {
        const objects = all.map((data, index) => objectOf('ConfigMap', { data }, { name: `m${index}` }));
        const { objectsGz, digest, bytes } = packObjects(objects);
        expect(unpackObjects(objectsGz, digest)).toEqual(JSON.parse(canonicalJson(objects)));
        expect(bytes).toBe(Buffer.byteLength(canonicalJson(objects)));
      }),
    );
  });

  it('of 1 MiB is accepted, of one byte more refused with both numbers, packing and unpacking', () => {
    const sized = (bytes: number) => {
      const empty = packObjects([objectOf('ConfigMap', { data: { x: '' } })]).bytes;
      return [objectOf('ConfigMap', { data: { x: 'x'.repeat(bytes - empty) } })];
    };
    const most = packObjects(sized(1024 * 1024));
    expect(unpackObjects(most.objectsGz, most.digest)).toHaveLength(1);
    expect(() => packObjects(sized(1024 * 1024 + 1))).toThrow(/1048577 bytes; 1048576 are allowed/);
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20)).toString('base64');
    expect(() => unpackObjects(bomb, 'a'.repeat(64))).toThrow(/1048576 are allowed/);
  });

  it('is refused when it is damaged, has another digest, or contains no objects', () => {
    const { objectsGz, digest } = packObjects([objectOf('ConfigMap')]);
    expect(() => unpackObjects(objectsGz, 'b'.repeat(64))).toThrow(/not bbbb/);
    expect(() => unpackObjects('????', digest)).toThrow(Fault);
    const malformed = packObjects([{ apiVersion: 'v1', kind: 'lower', metadata: { name: 'a' } }]);
    expect(() => unpackObjects(malformed.objectsGz, malformed.digest)).toThrow(/0\.kind/);
  });
});

describe('the inventory', () => {
  const arbitrary = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e').map((name) => ref('Secret', name)));
  const keys = (refs: readonly ObjectRef[]) => [...new Set(refs.map(refKey))].sort();

  it('keeps entries until their deletion is proven, and never prunes desired objects', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, arbitrary, (known, desired, deletable) => {
        const merged = mergeInventory(known, desired);
        expect(keys(merged)).toEqual(keys([...known, ...desired]));
        const toPrune = entriesToPrune(merged, desired);
        expect(keys(toPrune).filter((key) => keys(desired).includes(key))).toEqual([]);
        const deleted = toPrune.filter((entry) => deletable.some((one) => refKey(one) === refKey(entry)));
        const after = withoutDeleted(merged, deleted);
        expect(keys([...after, ...deleted])).toEqual(keys(merged));
      }),
    );
  });

  it('keeps uids, and identifies an object in any version of its group', () => {
    const one = recordUid(
      mergeInventory([], [ref('Cluster', 'a', 'postgresql.cnpg.io/v1')]),
      ref('Cluster', 'a', 'postgresql.cnpg.io/v1'),
      'u1',
    );
    const next = mergeInventory(one, [ref('Cluster', 'a', 'postgresql.cnpg.io/v2')]);
    expect(next).toEqual([{ ...ref('Cluster', 'a', 'postgresql.cnpg.io/v2'), uid: 'u1' }]);
  });
});

describe('owner labels', () => {
  it('identify the owner of an object by all of its labels', () => {
    const labels = labelsOf({ aid: 'aaaaa', cid: 'ky3', osid: 'valkey-3f9k2' });
    const rendered = objectOf('Namespace', {}, { labels });
    expect(osidOf(rendered)).toBe('valkey-3f9k2');
    expect(hasSameOwner(objectOf('Namespace', {}, { labels: { ...labels, more: 'x' } }), rendered)).toBe(true);
    expect(hasSameOwner(objectOf('Namespace', {}, { labels: { ...labels, 'runos.com/aid': 'bbbbb' } }), rendered)).toBe(
      false,
    );
    expect(hasSameOwner(objectOf('Namespace'), rendered)).toBe(false);
    expect(printRef(refOf(objectOf('Secret')))).toBe('Secret valkey-3f9k2/web');
  });
});
