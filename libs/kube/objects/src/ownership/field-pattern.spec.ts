import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../kube-object.js';
import { covers, type FieldPattern, parseFieldPattern, withoutFields, withoutOwned } from './field-pattern.js';
import { leftFieldsOf } from './field-writer.js';
import { printPath } from './field-path.js';

const pattern = (text: string) => parseFieldPattern(text) as FieldPattern;
const web = 'k:{"name":"web"}';
const port = 'k:{"containerPort":80,"protocol":"TCP"}';
const containers = ['f:spec', 'f:containers'];

describe('a pattern', () => {
  it.each([
    [['f:spec', 'f:replicas']],
    [[...containers, web, 'f:ports', port]],
    [['f:metadata', 'f:annotations', 'f:example.com/x-y']],
    [['f:data', 'f:valkey.conf']],
  ])('covers the field that events print so: %j', (path) => {
    expect(covers(pattern(printPath(path)), path)).toBe(true);
  });

  it('covers what is in its field, and not what is beside or above it', () => {
    const resources = pattern('spec.containers[name=web].resources');
    expect(covers(resources, [...containers, web, 'f:resources', 'f:limits'])).toBe(true);
    for (const path of [
      [...containers, web],
      [...containers, web, 'f:image'],
      [...containers, 'k:{"name":"a"}', 'f:resources'],
    ])
      expect(covers(resources, path)).toBe(false);
  });

  it('stands for each item, and for items by a part of their keys', () => {
    expect(covers(pattern('spec.containers[].resources'), [...containers, web, 'f:resources'])).toBe(true);
    expect(
      covers(pattern('spec.containers[name=web].ports[containerPort=80]'), [...containers, web, 'f:ports', port]),
    ).toBe(true);
    expect(covers(pattern('data[]'), ['f:data', 'f:x'])).toBe(true);
    expect(covers(pattern('data[]'), ['f:data', '.'])).toBe(false);
  });

  it.each([
    '',
    '.',
    'spec.',
    '.spec',
    'spec..a',
    '[]',
    '[name=x]',
    'spec[',
    'spec[name]',
    'spec.a b',
    'spec["a"',
    'spec[name=]',
    '$.spec',
  ])('is not %j', (text) => expect(parseFieldPattern(text)).toBeUndefined());
});

const object = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'x', annotations: { 'example.com/x': 'y' } },
  spec: {
    replicas: 3,
    containers: [
      { name: 'web', image: 'a', resources: { limits: {} } },
      { name: 'b', image: 'b' },
    ],
  },
} as KubeObject;

describe('an object without fields', () => {
  it('keeps all others, and no emptied map', () => {
    const patterns = ['spec.replicas', 'spec.containers[].resources', 'metadata.annotations["example.com/x"]'].map(
      pattern,
    );
    expect(withoutFields(object, patterns)).toEqual({
      ...object,
      metadata: { name: 'x' },
      spec: {
        containers: [
          { name: 'web', image: 'a' },
          { name: 'b', image: 'b' },
        ],
      },
    });
    expect(withoutFields(object, [pattern('spec.containers[name=b]')])['spec']).toMatchObject({
      containers: [{ name: 'web' }],
    });
  });

  it('is the same where it has none of them', () => {
    expect(
      withoutFields(object, ['spec.other.deep', 'spec.replicas[]', 'spec[name=x]', 'data[]'].map(pattern)),
    ).toEqual(object);
  });
});

describe('a field set without fields', () => {
  it('keeps all others', () => {
    const fields = {
      'f:spec': {
        'f:replicas': {},
        'f:containers': { [web]: { '.': {}, 'f:image': {}, 'f:resources': { 'f:limits': {} } } },
      },
    };
    expect(withoutOwned(fields, ['spec.replicas', 'spec.containers[].resources'].map(pattern))).toEqual({
      'f:spec': { 'f:containers': { [web]: { '.': {}, 'f:image': {} } } },
    });
    expect(withoutOwned({ 'f:spec': { 'f:replicas': {} } }, [pattern('spec.replicas')])).toEqual({});
    expect(withoutOwned(fields, [pattern('spec.paused')])).toBe(fields);
  });
});

it('fields are left to the named manager, of the named kind', () => {
  const writers = [{ manager: 'scaler', kind: 'StatefulSet', fields: ['spec.replicas', 'no field!'] }];
  const left = leftFieldsOf('StatefulSet', writers);
  expect(left.patterns).toHaveLength(1);
  expect(left.allows('scaler', ['f:spec', 'f:replicas'])).toBe(true);
  expect(left.allows('other', ['f:spec', 'f:replicas'])).toBe(false);
  expect(leftFieldsOf('Deployment', writers).patterns).toEqual([]);
});
