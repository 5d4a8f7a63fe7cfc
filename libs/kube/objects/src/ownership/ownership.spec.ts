import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { propertySeed } from '@runos/testing-basics';
import type { FieldsV1 } from '../kube-object.js';
import { entry, objectOf, ours } from '../../test/objects.js';
import { conflictingManagersOf } from './conflicting-manager.js';
import { membersOf, printPath, touches, valueAt, valuesOf } from './field-path.js';
import { changedPaths, isCreated, ownedFields, ownedHash } from './owned-fields.js';

fc.configureGlobal({ seed: propertySeed() });

const fields: FieldsV1 = {
  'f:metadata': { 'f:labels': { 'f:app': {} } },
  'f:spec': {
    'f:replicas': {},
    'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
    'f:finalizers': { 'v:"kubernetes"': {} },
    'f:args': { 'i:1': {} },
    'f:selector': {},
  },
};

const spec = {
  replicas: 2,
  ports: [
    { name: 'other', port: 81, protocol: 'TCP' },
    { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 },
  ],
  finalizers: ['a', 'kubernetes'],
  args: ['-a', '-b'],
  selector: { app: 'web' },
};

const live = (changes: object = {}, managers = [ours(fields)]) =>
  objectOf(
    'Thing',
    { spec: { ...spec, ...changes }, status: { phase: 'x' } },
    { labels: { app: 'web' }, managedFields: managers },
  );

describe('paths of fieldsV1', () => {
  it('lead to the live values, through keys, values and positions', () => {
    const values = [...membersOf(fields)].map((path) => [printPath(path), valueAt(live(), path)]);
    expect(values).toEqual([
      ['metadata.labels.app', 'web'],
      ['spec.replicas', 2],
      ['spec.ports[port=80,protocol=TCP]', spec.ports[1]],
      ['spec.ports[port=80,protocol=TCP].name', 'http'],
      ['spec.ports[port=80,protocol=TCP].port', 80],
      ['spec.finalizers[="kubernetes"]', 'kubernetes'],
      ['spec.args[1]', '-b'],
      ['spec.selector', { app: 'web' }],
    ]);
  });

  it('find an item whose key is a schema default, and prefer an exact match', () => {
    const path = ['f:ports', 'k:{"port":80,"protocol":"TCP"}'];
    expect(valueAt({ ports: [{ port: 80 }] }, path)).toEqual({ port: 80 });
    expect(valueAt({ ports: [{ port: 80 }, { port: 80, protocol: 'TCP' }] }, path)).toEqual({
      port: 80,
      protocol: 'TCP',
    });
    expect(valueAt({ ports: [{ port: 80, protocol: 'UDP' }] }, path)).toBeUndefined();
  });

  it('print names with dots unambiguously', () => {
    expect(printPath(['f:metadata', 'f:annotations', 'f:example.com/x'])).toBe('metadata.annotations["example.com/x"]');
  });

  it('give undefined in other objects, and never throw', () => {
    const paths = [...membersOf(fields)];
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...paths), (value, path) => {
        expect(() => valueAt({ metadata: value, spec: value }, path)).not.toThrow();
      }),
    );
  });

  it('give the same values one by one and all at once, for any object', () => {
    const paths = [...membersOf(fields)];
    const port = paths.findIndex((path) => path.at(-1)?.startsWith('k:'));
    fc.assert(
      fc.property(fc.constantFrom(spec, { ...spec, ports: [] }), fc.jsonValue(), fc.boolean(), (own, other, whole) => {
        const object = { metadata: other, spec: whole ? own : other };
        const values = paths.map((path) => valueAt(object, path));
        expect([...valuesOf(fields, object)]).toEqual(values.with(port, values[port] !== undefined));
      }),
    );
  });

  it('are contained in sets with the path, a part or a parent of it', () => {
    expect(touches({ 'f:spec': { 'f:replicas': {} } }, ['f:spec', 'f:replicas'])).toBe(true);
    expect(touches({ 'f:spec': {} }, ['f:spec', 'f:replicas'])).toBe(true);
    expect(touches({ 'f:spec': { 'f:selector': { 'f:app': {} } } }, ['f:spec', 'f:selector'])).toBe(true);
    expect(touches({ 'f:spec': { 'f:paused': {} } }, ['f:spec', 'f:replicas'])).toBe(false);
  });
});

describe('the owned hash', () => {
  const hash = ownedHash(live());

  it('is stable across versions: agents compare it with hashes that earlier ones stored', () => {
    expect(hash).toBe('da_1u_0cqBPFGP5P2BaY7nuPZ_0aoEBFXnRMz9XUc0s');
  });

  it('ignores foreign fields', () => {
    const other = entry('other', { 'f:spec': { 'f:paused': {} } });
    expect(ownedHash({ ...live({ paused: true }, [ours(fields), other]), status: { phase: 'y' } })).toBe(hash);
    expect(ownedHash(live({ ports: [...spec.ports, { name: 'more', port: 82, protocol: 'TCP' }] }))).toBe(hash);
    expect(ownedHash(live({}, [{ ...ours(fields), time: '2031-01-01T00:00:00Z' }]))).toBe(hash);
  });

  it('changes with every owned value, and with the set of owned fields', () => {
    for (const change of [
      { replicas: 3 },
      { args: ['-a'] },
      { finalizers: [] },
      { ports: [] },
      { selector: { app: 'web', b: 'c' } },
    ]) {
      expect(ownedHash(live(change))).not.toBe(hash);
    }
    expect(ownedHash(live({}, [ours({ ...fields, 'f:data': {} })]))).not.toBe(hash);
  });

  it('is undefined where we own nothing', () => {
    expect(ownedHash(live({}, []))).toBeUndefined();
    const scaled = { ...ours(fields), subresource: 'scale' };
    expect(ownedHash(live({}, [entry('other', fields), scaled]))).toBeUndefined();
  });

  it('covers the fields of our create, defaults included, until the first apply', () => {
    const more: FieldsV1 = { ...fields, 'f:spec': { ...fields['f:spec'], 'f:paused': {} } };
    const created = live({}, [entry('runos', more)]);
    expect(isCreated(created)).toBe(true);
    expect(ownedFields(created)).toBe(more);
    expect(ownedHash(live({ replicas: 3 }, [entry('runos', more)]))).not.toBe(ownedHash(created));
    const applied = live({}, [entry('runos', more), ours(fields)]);
    expect(isCreated(applied)).toBe(false);
    expect(ownedHash(applied)).toBe(hash);
  });
});

describe('conflicting managers', () => {
  const after = live();
  const changed = (before: ReturnType<typeof live>) => changedPaths(ownedFields(after) ?? {}, before, after);

  it('are empty when the owned values are the same', () => {
    expect(changed(live({ paused: true }))).toEqual([]);
  });

  it('have their own fields each, and null for removed fields', () => {
    const before = live({ replicas: 5, args: ['-a', '-c'], finalizers: [] }, [
      entry('early', { 'f:spec': { 'f:replicas': {} } }),
      entry('scaler', { 'f:spec': { 'f:replicas': {} } }, { subresource: 'scale', time: '2030-01-01T00:00:05Z' }),
      entry('editor', { 'f:spec': { 'f:args': {} } }),
      entry('status', { 'f:spec': { 'f:finalizers': {} } }, { subresource: 'status' }),
      entry('runos', { 'f:spec': { 'f:finalizers': {} } }),
      entry('before-first-apply', { 'f:spec': { 'f:finalizers': {} } }),
    ]);
    const found = conflictingManagersOf(before, changed(before)).map(({ paths, ...who }) => ({
      ...who,
      fields: paths.map(printPath),
    }));
    expect(found).toEqual([
      { manager: 'scaler', at: '2030-01-01T00:00:05Z', fields: ['spec.replicas'] },
      { manager: null, at: null, fields: ['spec.finalizers[="kubernetes"]'], removed: true },
      { manager: 'editor', at: '2030-01-01T00:00:00Z', fields: ['spec.args[1]'] },
    ]);
  });
});
