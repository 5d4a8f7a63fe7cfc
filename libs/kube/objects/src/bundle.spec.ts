import { describe, expect, it } from '@jest/globals';
import { Fault } from '@runos/kernel';
import fc from 'fast-check';
import { propertySeed } from '@runos/testing-basics';
import { gzipSync } from 'node:zlib';
import { applyWaves } from './apply-order.js';
import { packObjects, unpackObjects } from './bundle-codec.js';
import { canonicalJson, digestOf } from './canonical-json.js';
import { deletionSteps } from './deletion-order.js';
import { holdsData, immutablePolicy } from './immutable-policy.js';
import { mergeInventory, recordUid, entriesToPrune, withoutDeleted } from './inventory.js';
import { labelsOf, osidOf, sameOwner } from './labels.js';
import { type ObjectRef, printRef, refKey, refOf } from './object-ref.js';
import { objectOf } from '../test/objects.js';

fc.configureGlobal({ seed: propertySeed() });

const ref = (kind: string, name = 'a', apiVersion = 'v1', namespace: string | undefined = 'n'): ObjectRef => ({
  ...{ apiVersion, kind, name },
  ...(namespace === undefined ? {} : { namespace }),
});

describe('a bundle', () => {
  it('has one digest, whatever the order of keys, and another for another order of objects', () => {
    const [a, b] = [objectOf('ConfigMap', { data: { x: '1', y: '2' } }), objectOf('Secret')];
    const turned = { kind: 'ConfigMap', data: { y: '2', x: '1' }, apiVersion: 'v1', metadata: a.metadata };
    expect(digestOf([a])).toBe(digestOf([turned]));
    expect(digestOf([a, b])).not.toBe(digestOf([b, a]));
    expect(digestOf([])).toBe('4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945');
  });

  it('comes back as it was packed', () => {
    const words = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(fc.array(fc.dictionary(words, words), { maxLength: 5 }), (all) => {
        const objects = all.map((data, index) => objectOf('ConfigMap', { data }, { name: `m${index}` }));
        const { objectsGz, digest, bytes } = packObjects(objects);
        expect(unpackObjects(objectsGz, digest)).toEqual(JSON.parse(canonicalJson(objects)));
        expect(bytes).toBe(Buffer.byteLength(canonicalJson(objects)));
      }),
    );
  });

  it('of 1 MiB is taken, of one byte more refused with both numbers, on either side', () => {
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

  it('is refused when it is damaged, another one, or holds no objects', () => {
    const { objectsGz, digest } = packObjects([objectOf('ConfigMap')]);
    expect(() => unpackObjects(objectsGz, 'b'.repeat(64))).toThrow(/not bbbb/);
    expect(() => unpackObjects('????', digest)).toThrow(Fault);
    const strange = packObjects([{ apiVersion: 'v1', kind: 'lower', metadata: { name: 'a' } }]);
    expect(() => unpackObjects(strange.objectsGz, strange.digest)).toThrow(/0\.kind/);
  });
});

describe('the order', () => {
  it('of applying is namespaces, what others need, the rest', () => {
    const all = ['StatefulSet', 'Secret', 'Service', 'Namespace', 'ConfigMap'].map((kind) => objectOf(kind));
    expect(applyWaves(all).map((wave) => wave.map(({ kind }) => kind))).toEqual([
      ['Namespace'],
      ['Secret', 'ConfigMap'],
      ['StatefulSet', 'Service'],
    ]);
  });

  it('of removing is workloads and custom resources, claims, what is outside, the namespace', () => {
    const outside = (kind: string): ObjectRef => ({ apiVersion: 'v1', kind, name: 'a' });
    const all = [
      outside('Namespace'),
      ...[outside('ClusterRole'), ref('Secret'), ref('PersistentVolumeClaim')],
      ...[ref('StatefulSet', 'a', 'apps/v1'), ref('Cluster', 'a', 'postgresql.cnpg.io/v1')],
      ref('HTTPRoute', 'a', 'gateway.networking.k8s.io/v1'),
    ];
    expect(
      deletionSteps(all).map(({ name, propagation, refs }) => [name, propagation, refs.map(({ kind }) => kind)]),
    ).toEqual([
      ['workloads', 'Foreground', ['StatefulSet', 'Cluster']],
      ['claims', 'Background', ['PersistentVolumeClaim']],
      ['cluster-scoped', 'Background', ['ClusterRole']],
      ['namespaces', 'Background', ['Namespace']],
    ]);
  });
});

describe('the inventory', () => {
  const arbitrary = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e').map((name) => ref('Secret', name)));
  const keys = (refs: readonly ObjectRef[]) => [...new Set(refs.map(refKey))].sort();

  it('never forgets what was not proven gone, and never deletes what is wanted', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, arbitrary, (known, wanted, gone) => {
        const merged = mergeInventory(known, wanted);
        expect(keys(merged)).toEqual(keys([...known, ...wanted]));
        const left = entriesToPrune(merged, wanted);
        expect(keys(left).filter((key) => keys(wanted).includes(key))).toEqual([]);
        const deleted = left.filter((entry) => gone.some((one) => refKey(one) === refKey(entry)));
        const after = withoutDeleted(merged, deleted);
        expect(keys([...after, ...deleted])).toEqual(keys(merged));
      }),
    );
  });

  it('keeps uids, and knows an object by any version of its group', () => {
    const one = recordUid(
      mergeInventory([], [ref('Cluster', 'a', 'postgresql.cnpg.io/v1')]),
      ref('Cluster', 'a', 'postgresql.cnpg.io/v1'),
      'u1',
    );
    const next = mergeInventory(one, [ref('Cluster', 'a', 'postgresql.cnpg.io/v2')]);
    expect(next).toEqual([{ ...ref('Cluster', 'a', 'postgresql.cnpg.io/v2'), uid: 'u1' }]);
  });
});

describe('policies and names', () => {
  it('never make anew what holds data', () => {
    const kinds: [string, string][] = [
      ['v1', 'Namespace'],
      ['v1', 'PersistentVolumeClaim'],
      ['postgresql.cnpg.io/v1', 'Cluster'],
    ];
    for (const [apiVersion, kind] of kinds) {
      expect(holdsData(ref(kind, 'a', apiVersion))).toBe(true);
      expect(['refuse', 'expand']).toContain(immutablePolicy(ref(kind, 'a', apiVersion)));
    }
    expect(immutablePolicy(ref('StatefulSet', 'a', 'apps/v1'))).toBe('orphan');
    expect(immutablePolicy(ref('Widget', 'a', 'example.com/v1'))).toBe('refuse');
  });

  it('tell whose an object is by all of its labels', () => {
    const labels = labelsOf({ aid: 'aaaaa', cid: 'ky3', osid: 'valkey-3f9k2' });
    const mine = objectOf('Namespace', {}, { labels });
    expect(osidOf(mine)).toBe('valkey-3f9k2');
    expect(sameOwner(objectOf('Namespace', {}, { labels: { ...labels, more: 'x' } }), mine)).toBe(true);
    expect(sameOwner(objectOf('Namespace', {}, { labels: { ...labels, 'runos.com/aid': 'bbbbb' } }), mine)).toBe(false);
    expect(sameOwner(objectOf('Namespace'), mine)).toBe(false);
    expect(printRef(refOf(objectOf('Secret')))).toBe('Secret valkey-3f9k2/web');
  });
});
