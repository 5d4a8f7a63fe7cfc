import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { propertySeed } from '@runos/testing-basics';
import { entry, objectOf, ours } from '../../test/objects.js';
import type { FieldsV1, ManagedFields } from '../kube-object.js';
import { compileExclusive, exclusivePath, foreignContent, foreignItems } from './exclusive-fields.js';
import { pointersOf, printPath } from './field-path.js';

fc.configureGlobal({ seed: propertySeed() });

const exclusive = compileExclusive([
  { path: 'spec.containers[]' },
  { path: 'spec.containers[].env[]', writers: ['injector'] },
  { path: 'spec.addresses' },
  { path: 'data[]' },
]);

const web = (content: FieldsV1): FieldsV1 => ({ 'f:containers': { 'k:{"name":"web"}': content } });
const applied = ours({
  'f:spec': web({ '.': {}, 'f:env': { 'k:{"name":"A"}': { 'f:value': {} } } }),
  'f:data': { 'f:own': {} },
});

const content = {
  spec: { containers: [{ name: 'web', env: [{ name: 'A' }, { name: 'B' }] }, { name: 'b' }], addresses: ['192.0.2.1'] },
  data: { own: '', x: '', 'x.conf': '' },
};

const found = (...entries: ManagedFields[]): string[] =>
  foreignItems(objectOf('Thing', content, { managedFields: entries }), exclusive).map(printPath);
const foundOf = (fieldsV1: FieldsV1, more: Partial<ManagedFields> & { manager?: string } = {}): string[] =>
  found(applied, entry(more.manager ?? 'other', fieldsV1, more));

describe('foreign items of exclusive fields', () => {
  it('are items of lists and maps, and whole fields, each once', () => {
    const more: FieldsV1 = {
      'f:spec': { 'f:containers': { '.': {}, 'k:{"name":"b"}': { '.': {} } }, 'f:addresses': {} },
      'f:data': { '.': {}, 'f:x.conf': {} },
    };
    const items = ['spec.containers[name=b]', 'spec.addresses', 'data["x.conf"]'];
    expect(foundOf(more)).toEqual(items);
    expect(found(applied, entry('other', more), entry('another', more, { operation: 'Apply' }))).toEqual(items);
  });

  it('are items inside ours, but not inside a foreign item, which contains them', () => {
    const env = { 'f:env': { '.': {}, 'k:{"name":"B"}': { '.': {}, 'f:name': {} } } };
    expect(foundOf({ 'f:spec': web(env) })).toEqual(['spec.containers[name=web].env[name=B]']);
    expect(foundOf({ 'f:spec': { 'f:containers': { 'k:{"name":"b"}': env } } })).toEqual(['spec.containers[name=b]']);
  });

  it('are not the list or map itself, which stays empty after the removal of its items', () => {
    const bare = ours({ 'f:spec': web({ '.': {} }) });
    const emptied = entry('other', { 'f:spec': web({ 'f:env': {} }), 'f:data': {} });
    expect(found(bare, emptied)).toEqual([]);
  });

  it('are items beside a list or map that we own without items', () => {
    const bare = ours({ 'f:data': {} });
    expect(found(bare, entry('other', { 'f:data': { 'f:x': {} } }))).toEqual(['data.x']);
  });

  it('are an item with our key that another manager has taken over, as by a second variable of one name', () => {
    const duplicate = entry('other', { 'f:spec': web({ 'f:env': { 'k:{"name":"A"}': {} } }) });
    expect(found(applied, duplicate)).toEqual([]);
    const ownB = ours({ 'f:spec': web({ '.': {}, 'f:env': { 'k:{"name":"B"}': {} } }) });
    expect(found(ownB, duplicate)).toEqual(['spec.containers[name=web].env[name=A]']);
  });

  it('are not our items, fields that are not exclusive, status, and what no manager owns', () => {
    expect(foundOf(applied.fieldsV1 ?? {})).toEqual([]);
    expect(foundOf({ 'f:spec': web({ 'f:env': { 'k:{"name":"A"}': { 'f:extra': {} } } }) })).toEqual([]);
    expect(foundOf({ 'f:spec': { 'f:paused': {}, ...web({ 'f:lifecycle': {} }) } })).toEqual([]);
    expect(foundOf({ 'f:data': { 'f:x': {} } }, { subresource: 'status' })).toEqual([]);
    expect(foundOf({ 'f:data': { 'f:x': {} } }, { manager: 'before-first-apply' })).toEqual([]);
    expect(found(applied)).toEqual([]);
  });

  it('are not what a named writer adds to its field, but what it adds to others', () => {
    const env = web({ 'f:env': { 'k:{"name":"B"}': {} } });
    const fields: FieldsV1 = { 'f:spec': { ...env, 'f:addresses': {} } };
    expect(foundOf(fields, { manager: 'injector' })).toEqual(['spec.addresses']);
  });

  it('are no absent value, and none that an absent one means', () => {
    const rule = compileExclusive([{ path: 'spec.hostNetwork', unset: false }]);
    const itemsWith = (hostNetwork: boolean | undefined) => {
      const managedFields = [applied, entry('other', { 'f:spec': { 'f:hostNetwork': {} } })];
      return foreignItems(objectOf('Thing', { spec: { hostNetwork } }, { managedFields }), rule).map(printPath);
    };
    expect(itemsWith(true)).toEqual(['spec.hostNetwork']);
    expect(itemsWith(false)).toEqual([]);
    expect(itemsWith(undefined)).toEqual([]);
  });

  it('are removed together with a field that the API server keeps equal, unless that is ours', () => {
    const rule = compileExclusive([
      { path: 'spec.account', alias: 'accountName' },
      { path: 'spec.accountName', alias: 'account' },
    ]);
    const spec = { account: 'x', accountName: 'x' };
    const both = ['spec.account', 'spec.accountName'];
    const itemsWith = (own: FieldsV1, foreign: FieldsV1) => {
      const managedFields = [ours({ 'f:spec': own }), entry('other', { 'f:spec': foreign })];
      const object = objectOf('Thing', { spec }, { managedFields });
      return [foreignItems(object, rule), foreignContent(object, rule)].map((paths) => paths.map(printPath).sort());
    };
    expect(itemsWith({}, { 'f:accountName': {} })).toEqual([['spec.accountName'], both]);
    expect(itemsWith({}, { 'f:account': {}, 'f:accountName': {} })).toEqual([both, both]);
    expect(itemsWith({ 'f:accountName': {} }, { 'f:account': {} })).toEqual([[], []]);
  });

  it('are annotations with exactly a declared name, unless a named writer has set them', () => {
    const rules = compileExclusive([], [{ name: 'example.com/patch', writers: ['injector'] }]);
    const itemsOf = (name: string, manager = 'other') => {
      const managedFields = [applied, entry(manager, { 'f:metadata': { 'f:annotations': { [`f:${name}`]: {} } } })];
      return foreignItems(objectOf('Thing', {}, { annotations: { [name]: 'x' }, managedFields }), rules);
    };
    expect(itemsOf('example.com/patch').map(printPath)).toEqual(['metadata.annotations["example.com/patch"]']);
    for (const name of ['example.com/patches', 'patch', 'example']) expect(itemsOf(name)).toEqual([]);
    expect(itemsOf('example.com/patch', 'injector')).toEqual([]);
  });

  it('never throw for any set of fields', () => {
    const keys = fc.constantFrom('.', 'f:spec', 'f:containers', 'k:{"name":"web"}', 'f:env', 'f:data', 'f:addresses');
    const { fields } = fc.letrec<{ fields: FieldsV1 }>((tie) => ({
      fields: fc.oneof({ maxDepth: 6 }, fc.constant({}), fc.dictionary(keys, tie('fields'), { maxKeys: 4 })),
    }));
    fc.assert(fc.property(fields, (fieldsV1) => Array.isArray(foundOf(fieldsV1))));
  });
});

describe('the paths of exclusive fields', () => {
  it('have names with dots between them', () => {
    for (const path of ['rules', 'data[]', 'spec.a-b.c[].d[]']) expect(path).toMatch(exclusivePath);
    for (const path of ['', 'spec.', '.spec', 'spec[0]', 'spec[][]', 'a b']) expect(path).not.toMatch(exclusivePath);
  });
});

describe('JSON pointers of a path', () => {
  const object = { data: { 'a/b~c': 1 }, list: [{ name: 'a' }, { name: 'b' }, { name: 'a', x: 1 }], set: ['x', 'y'] };

  it('lead to map keys, list items with equal keys, and values', () => {
    expect(pointersOf(object, ['f:data', 'f:a/b~c'])).toEqual(['/data/a~1b~0c']);
    expect(pointersOf(object, ['f:list', 'k:{"name":"a"}'])).toEqual(['/list/0', '/list/2']);
    expect(pointersOf(object, ['f:list', 'k:{"name":"b"}', 'f:name'])).toEqual(['/list/1/name']);
    expect(pointersOf(object, ['f:set', 'v:"y"'])).toEqual(['/set/1']);
    expect(pointersOf(object, ['f:list', 'i:1'])).toEqual(['/list/1']);
  });

  it('are none where the object has no such member', () => {
    expect(pointersOf(object, ['f:data', 'f:other'])).toEqual([]);
    expect(pointersOf(object, ['f:list', 'k:{"name":"c"}'])).toEqual([]);
    expect(pointersOf(undefined, ['f:data'])).toEqual([]);
  });
});
