import { describe, expect, it } from '@jest/globals';
import { MergeError } from '../merge-error.js';
import { patchSchema, type PatchSchema } from '../index.js';
import { strategicMerge } from './strategic-merge.js';

const schema = patchSchema(1) as PatchSchema;
type Json = Readonly<Record<string, unknown>>;

const merge = (original: Json, patch: Json) => strategicMerge(original, patch, schema, 'Deployment');
/** Merges the spec of a pod. */
const mergePod = (original: Json, patch: Json) => strategicMerge(original, patch, schema, 'PodSpec');
const failure = (original: Json, patch: Json): { path: string; message: string } => {
  try {
    mergePod(original, patch);
  } catch (error) {
    if (error instanceof MergeError) return { path: error.path, message: error.message };
  }
  throw new Error('the patch was merged');
};

describe('a strategic merge patch of maps', () => {
  it('merges maps, replaces scalars and adds fields', () => {
    const original = { metadata: { labels: { a: '1', b: '2' } }, spec: { replicas: 1, paused: false } };
    expect(merge(original, { metadata: { labels: { b: '3', c: '4' } }, spec: { replicas: 2 } })).toEqual({
      metadata: { labels: { a: '1', b: '3', c: '4' } },
      spec: { replicas: 2, paused: false },
    });
    expect(original.spec.replicas).toBe(1);
  });

  it('deletes with null, also what is not there, and stores no null', () => {
    expect(merge({ spec: { replicas: 1, paused: true } }, { spec: { paused: null, minReadySeconds: null } })).toEqual({
      spec: { replicas: 1 },
    });
    expect(merge({}, { spec: { replicas: 1, paused: null } })).toEqual({ spec: { replicas: 1 } });
  });

  it('replaces and deletes maps by directives', () => {
    const original = { metadata: { labels: { a: '1' } }, spec: { replicas: 1 } };
    expect(merge(original, { metadata: { labels: { $patch: 'replace', b: '2' } } })['metadata']).toEqual({
      labels: { b: '2' },
    });
    expect(merge(original, { metadata: { labels: { $patch: 'delete' } } })['metadata']).toEqual({ labels: {} });
    expect(merge(original, { spec: { $patch: 'merge', paused: true } })['spec']).toEqual({ replicas: 1, paused: true });
  });

  it('keeps the fields of $retainKeys only', () => {
    const original = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    expect(merge(original, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } })).toEqual({
      spec: { strategy: { type: 'Recreate' } },
    });
    const added = { volumes: [{ name: 'a', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] };
    expect(mergePod({}, added)).toEqual({ volumes: [{ name: 'a', emptyDir: {} }] });
    expect(mergePod({ volumes: [{ name: 'a', secret: { secretName: 's' } }] }, added)).toEqual({
      volumes: [{ name: 'a', emptyDir: {} }],
    });
    expect(failure({}, { securityContext: { $retainKeys: ['fsGroup'], runAsUser: 1 } })).toEqual({
      path: 'securityContext.$retainKeys',
      message: 'must name runAsUser, which the patch sets',
    });
  });

  it('replaces a value of another form', () => {
    expect(merge({ spec: 'x' }, { spec: { replicas: 1 } })).toEqual({ spec: { replicas: 1 } });
  });

  it('keeps keys that are names in JavaScript', () => {
    const patch = JSON.parse('{"metadata":{"labels":{"__proto__":"a","constructor":"b"}}}') as Json;
    expect(JSON.stringify(merge({ metadata: { labels: {} } }, patch))).toBe(JSON.stringify(patch));
  });

  it('refuses unknown fields and directives with their path', () => {
    expect(failure({}, { hostname: 'a', contaners: [] })).toEqual({
      path: 'contaners',
      message: 'PodSpec has no field contaners',
    });
    expect(failure({}, { securityContext: { $patch: 'remove' } }).path).toBe('securityContext.$patch');
    expect(failure({}, { $replace: true }).message).toContain('no directive');
    expect(failure({}, { constructor: [] }).message).toBe('PodSpec has no field constructor');
  });
});

describe('a strategic merge patch of lists', () => {
  const containers = [
    { name: 'app', image: 'app:1', args: ['a', 'b'], env: [{ name: 'MODE', value: 'slow' }] },
    { name: 'log', image: 'log:1' },
  ];

  it('merges items by their key, recursively', () => {
    const patch = { containers: [{ name: 'app', env: [{ name: 'LEVEL', value: '1' }] }] };
    expect(mergePod({ containers }, patch)).toEqual({
      containers: [
        {
          name: 'app',
          image: 'app:1',
          args: ['a', 'b'],
          env: [
            { name: 'LEVEL', value: '1' },
            { name: 'MODE', value: 'slow' },
          ],
        },
        { name: 'log', image: 'log:1' },
      ],
    });
  });

  it('replaces lists without a merge strategy', () => {
    expect(mergePod({ containers }, { containers: [{ name: 'app', args: ['c'] }] })).toMatchObject({
      containers: [{ name: 'app', args: ['c'] }, { name: 'log' }],
    });
    expect(mergePod({ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] })).toEqual({
      tolerations: [{ key: 'b' }],
    });
  });

  it('uses the keys of Kubernetes: ports by number, mounts by path, hosts by address', () => {
    const ports = [{ containerPort: 80, name: 'web' }];
    const volumeMounts = [{ mountPath: '/a', name: 'x' }];
    const original = { containers: [{ name: 'app', ports, volumeMounts }] };
    const patch = {
      containers: [
        {
          name: 'app',
          ports: [{ containerPort: 80, name: 'http' }],
          volumeMounts: [{ mountPath: '/a', readOnly: true }],
        },
      ],
    };
    expect(mergePod(original, patch)).toEqual({
      containers: [
        {
          name: 'app',
          ports: [{ containerPort: 80, name: 'http' }],
          volumeMounts: [{ mountPath: '/a', name: 'x', readOnly: true }],
        },
      ],
    });
    const aliases = { hostAliases: [{ ip: '10.0.0.1', hostnames: ['b'] }] };
    expect(mergePod({ hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }] }, aliases)).toEqual(aliases);
    const service = { spec: { ports: [{ port: 80, name: 'a' }] } };
    expect(strategicMerge(service, { spec: { ports: [{ port: 80, targetPort: 8080 }] } }, schema, 'Service')).toEqual({
      spec: { ports: [{ port: 80, name: 'a', targetPort: 8080 }] },
    });
  });

  it('deletes items, also all with one key', () => {
    expect(mergePod({ containers }, { containers: [{ $patch: 'delete', name: 'log' }] })).toMatchObject({
      containers: [{ name: 'app' }],
    });
    const doubled = { containers: [...containers, { name: 'log', image: 'log:2' }] };
    expect(mergePod(doubled, { containers: [{ $patch: 'delete', name: 'log' }] })['containers']).toHaveLength(1);
    expect(mergePod({ containers }, { containers: [{ $patch: 'delete', name: 'none' }] })).toEqual({ containers });
  });

  it('replaces the whole list by an item with $patch: replace', () => {
    const patch = { containers: [{ name: 'web', image: 'web:1' }, { $patch: 'replace' }] };
    expect(mergePod({ containers }, patch)).toEqual({ containers: [{ name: 'web', image: 'web:1' }] });
    expect(mergePod({ containers }, { containers: [{ $patch: 'replace' }] })).toEqual({ containers: [] });
    expect(mergePod({}, { volumes: [{ $patch: 'replace' }] })).toEqual({ volumes: [] });
  });

  it('stores no directives and nulls of new items', () => {
    const added = { containers: [{ name: 'new', image: null, env: [{ name: 'A' }, { $patch: 'delete', name: 'B' }] }] };
    expect(mergePod({}, added)).toEqual({ containers: [{ name: 'new', env: [{ name: 'A' }] }] });
    expect(mergePod({ containers }, added)['containers']).toContainEqual({ name: 'new', env: [{ name: 'A' }] });
    expect(mergePod({}, { tolerations: [{ key: 'a', value: null, $patch: 'merge' }] })).toEqual({
      tolerations: [{ key: 'a' }],
    });
  });

  it('refuses items without their key, other items than maps, and a value that is no list', () => {
    expect(failure({ containers }, { containers: [{ image: 'x' }] })).toEqual({
      path: 'containers',
      message: 'an item has no name, by which the items of this list are merged',
    });
    expect(failure({}, { containers: ['app'] }).message).toBe('must be a list of maps');
    expect(failure({}, { $deleteFromPrimitiveList: ['a'] }).message).toContain('no directive');
    expect(failure({}, { '$setElementOrder/containers': 'app' }).message).toBe('must be a list');
  });
});

describe('a strategic merge patch of lists of scalars', () => {
  const metadata = { finalizers: ['a', 'b', 'c'] };

  it('adds what is missing', () => {
    expect(merge({ metadata }, { metadata: { finalizers: ['d', 'b'] } })).toEqual({
      metadata: { finalizers: ['d', 'a', 'b', 'c'] },
    });
  });

  it('deletes values by a directive', () => {
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': ['b', 'x'], finalizers: ['d'] } };
    expect(merge({ metadata }, patch)).toEqual({ metadata: { finalizers: ['d', 'a', 'c'] } });
    expect(merge({ metadata: {} }, { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'] } })).toEqual({
      metadata: {},
    });
  });

  it('refuses to delete from a list that is replaced', () => {
    const patch = { containers: [{ name: 'app', '$deleteFromPrimitiveList/args': ['a'] }] };
    expect(failure({ containers: [{ name: 'app', args: ['a'] }] }, patch).path).toBe('containers[0].args');
  });
});

describe('the order of a merged list', () => {
  const env = (...names: string[]) => names.map((name) => ({ name }));
  const ordered = (before: string[], patch: Json): string[] => {
    const merged = mergePod({ containers: env(...before) }, patch);
    return (merged['containers'] as { name: string }[]).map(({ name }) => name);
  };
  const order = (...names: string[]) => ({ '$setElementOrder/containers': env(...names) });

  it('is that of the patch for its items, and keeps the others where they were', () => {
    expect(ordered(['a', 'b', 'c'], { containers: env('c', 'a') })).toEqual(['b', 'c', 'a']);
    expect(ordered(['a'], { containers: env('x') })).toEqual(['x', 'a']);
  });

  it('is that of $setElementOrder', () => {
    expect(ordered(['a', 'b', 'c'], order('c', 'b', 'a'))).toEqual(['c', 'b', 'a']);
    expect(ordered(['a', 'b', 'c'], { containers: env('d'), ...order('d', 'a', 'b') })).toEqual(['d', 'a', 'b', 'c']);
    expect(ordered(['a', 'x', 'b'], { containers: env('b'), ...order('b', 'a') })).toEqual(['x', 'b', 'a']);
    expect(
      merge({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { '$setElementOrder/finalizers': ['b', 'a'] } }),
    ).toEqual({ metadata: { finalizers: ['b', 'a'] } });
  });

  it('must name every item of the patch, in the same order', () => {
    const failed = failure({ containers: env('a') }, { containers: env('b'), ...order('a') });
    const message = '$setElementOrder must name "b", in the order of the items';
    expect(failed).toEqual({ path: 'containers', message });
    expect(failure({ containers: env('a') }, { containers: env('a', 'b'), ...order('b', 'a') }).message).toBe(message);
  });

  it('is ignored for a list that does not exist', () => {
    expect(mergePod({}, order('a'))).toEqual({});
  });
});
