import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../kube-object.js';
import { overriddenFields } from './overridden-fields.js';

const objectOf = (content: object, metadata: object = {}): KubeObject =>
  ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x', ...metadata }, ...content }) as KubeObject;
const find = (desired: object, actual: object) =>
  overriddenFields(objectOf(desired), objectOf(actual)).map(
    ({ path, desired: sent, actual: got }) => `${path}: ${JSON.stringify(sent)} ${JSON.stringify(got)}`,
  );

describe('fields of a response that differ from those that were sent', () => {
  it('are found in maps and in items of lists, whatever their order', () => {
    expect(find({ spec: { replicas: 3 } }, { spec: { replicas: 1 } })).toEqual(['spec.replicas: 3 1']);
    expect(find({ data: { 'a.conf': 'x' } }, { data: {} })).toEqual(['data["a.conf"]: "x" undefined']);
    const containers = [{ name: 'web', image: 'a' }];
    const actual = [
      { name: 'mesh', image: 'm' },
      { name: 'web', image: 'b' },
    ];
    expect(find({ spec: { containers } }, { spec: { containers: actual } })).toEqual([
      'spec.containers[name=web].image: "a" "b"',
    ]);
    expect(find({ spec: { containers } }, { spec: { containers: [] } })).toEqual([
      'spec.containers[name=web]: {"name":"web","image":"a"} undefined',
    ]);
    expect(find({ command: ['a', 'b'] }, { command: ['b', 'a'] })).toEqual(['command: ["a","b"] ["b","a"]']);
  });

  it('are found in labels, and not in the metadata that Kubernetes keeps', () => {
    const sent = objectOf({}, { labels: { a: '1' } });
    const stored = objectOf({}, { labels: { a: '2', b: '3' }, uid: 'u', generation: 7 });
    expect(overriddenFields(sent, stored)).toEqual([{ path: 'metadata.labels.a', desired: '1', actual: '2' }]);
  });

  it('are none for additions, empty values and other forms of a quantity', () => {
    const sent = {
      spec: {
        cpu: '1000m',
        memory: '1Gi',
        emptyDir: {},
        value: '',
        readOnly: false,
        items: [],
        finalizers: ['a', 'b'],
      },
      ports: [{ containerPort: 80 }, { containerPort: 81, name: 'b' }],
    };
    const stored = {
      spec: { cpu: '1', memory: '1024Mi', finalizers: ['x', 'a', 'y', 'b'], type: 'ClusterIP' },
      ports: [
        { containerPort: 81, name: 'b', protocol: 'TCP' },
        { containerPort: 80, protocol: 'TCP' },
      ],
      status: { phase: 'Bound' },
    };
    expect(find(sent, stored)).toEqual([]);
    expect(find({ spec: { memory: '1Gi' } }, { spec: { memory: '1000Mi' } })).toHaveLength(1);
  });
});
