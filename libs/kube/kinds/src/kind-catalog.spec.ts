import { describe, expect, it } from '@jest/globals';
import { exclusivePath, foreignItems, type ObjectRef } from '@runos/kube-objects';
import { objectOf } from '../test/objects.js';
import { compileCustomKind } from './compile-custom-kind.js';
import { CustomKind } from './custom-kind.js';
import { exclusiveFields } from './exclusive-fields.js';
import {
  applyWaves,
  builtInCatalog,
  deletionSteps,
  isCustomGroup,
  KindCatalog,
  packKinds,
  podDisruptionBudgetKind,
  unpackKinds,
} from './index.js';

const ref = (kind: string, name = 'a', apiVersion = 'v1', namespace: string | undefined = 'n'): ObjectRef => ({
  apiVersion,
  kind,
  name,
  ...(namespace === undefined ? {} : { namespace }),
});
const kindOf = (kind: string, apiVersion: string) => builtInCatalog.kindOf({ kind, apiVersion });

const widget: CustomKind = {
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  resource: 'widgets',
  immutablePolicy: 'recreate',
  holdsData: true,
  variables: [{ name: 'phase', expression: "self.?status.?phase.orValue('')" }],
  replicas: { desired: 'int(self.spec.size)', ready: 'int(self.status.ready)' },
  health: [
    { when: "variables.phase == 'Ready'", state: 'ready', reason: "'Ready'", message: "''" },
    {
      when: "variables.phase.startsWith('Err')",
      state: 'failed',
      reason: "variables.phase.find('^[A-Za-z]+')",
      message: "sentence('Widget ' + self.metadata.name + ' failed: ' + variables.phase)",
    },
  ],
};
const widgetOf = (status: object, spec: object = { size: 3 }) =>
  objectOf('Widget', { spec, status }, {}, 'example.com/v1');

describe('the order', () => {
  it('of applying is namespaces, referenced kinds, the rest', () => {
    const all = ['StatefulSet', 'Secret', 'Service', 'Namespace', 'ConfigMap'].map((kind) => objectOf(kind));
    expect(applyWaves(builtInCatalog, all).map((wave) => wave.map(({ kind }) => kind))).toEqual([
      ['Namespace'],
      ['Secret', 'ConfigMap'],
      ['StatefulSet', 'Service'],
    ]);
  });

  it('of removing is workloads and custom resources, claims, cluster-scoped objects, the namespace', () => {
    const clusterScoped = (kind: string): ObjectRef => ({ apiVersion: 'v1', kind, name: 'a' });
    const all = [
      clusterScoped('Namespace'),
      clusterScoped('ClusterRole'),
      ref('Secret'),
      ref('PersistentVolumeClaim'),
      ref('StatefulSet', 'a', 'apps/v1'),
      ref('Cluster', 'a', 'postgresql.cnpg.io/v1'),
      ref('Ingress', 'a', 'networking.k8s.io/v1'),
    ];
    expect(
      deletionSteps(builtInCatalog, all).map(({ name, propagation, refs }) => [
        name,
        propagation,
        refs.map(({ kind }) => kind),
      ]),
    ).toEqual([
      ['workloads', 'Foreground', ['StatefulSet', 'Cluster']],
      ['claims', 'Background', ['PersistentVolumeClaim']],
      ['cluster-scoped', 'Background', ['ClusterRole']],
      ['namespaces', 'Background', ['Namespace']],
    ]);
  });
});

describe('the group of a kind', () => {
  it.each([
    ['v1', false],
    ['apps/v1', false],
    ['networking.k8s.io/v1', false],
    ['internal.apiserver.k8s.io/v1alpha1', false],
    ['gateway.networking.k8s.io/v1', true],
    ['snapshot.storage.k8s.io/v1', true],
    ['gateway.networking.x-k8s.io/v1alpha1', true],
    ['cert-manager.io/v1', true],
  ])('%s is of CRDs: %s', (apiVersion, expected) => expect(isCustomGroup(apiVersion)).toBe(expected));
});

describe('the role of a custom kind', () => {
  const issuer: CustomKind = { ...widget, kind: 'Issuer', resource: 'issuers', role: 'referenced' };
  const kinds = new KindCatalog(unpackKinds(packKinds([widget, issuer])));
  const widgetRef = ref('Widget', 'a', 'example.com/v1');
  const issuerRef = ref('Issuer', 'a', 'example.com/v1');

  it('travels with the bundle and decides the order of applying and of deleting', () => {
    const objects = [widgetRef, issuerRef].map(({ kind }) => objectOf(kind, {}, {}, 'example.com/v1'));
    expect(applyWaves(kinds, objects).map((wave) => wave.map(({ kind }) => kind))).toEqual([['Issuer'], ['Widget']]);
    const steps = deletionSteps(kinds, [issuerRef, widgetRef]);
    expect(steps.map(({ name, refs }) => [name, refs])).toEqual([['workloads', [widgetRef]]]);
  });

  it('is workload when absent, and also without rules that compile', () => {
    const when = 'self.status. ==';
    const broken = { ...issuer, health: [{ when, state: 'ready' as const, reason: "'R'", message: "''" }] };
    expect(kinds.kindOf(widgetRef).role).toBe('workload');
    expect(new KindCatalog([broken], () => undefined).kindOf(issuerRef).role).toBe('referenced');
  });

  it('of a newer control plane is workload', () => {
    const newer = { ...issuer, role: 'later' } as unknown as CustomKind;
    expect(new KindCatalog(unpackKinds(packKinds([newer]))).kindOf(issuerRef).role).toBe('workload');
  });
});

describe('exclusive fields', () => {
  const exclusive = [{ path: 'spec.parameters[]', writers: ['operator'] }];
  const parameters = { 'f:spec': { 'f:parameters': { 'f:fsync': {} } } };
  const writtenBy = (manager: string) =>
    objectOf(
      'Widget',
      { spec: { parameters: { fsync: 'off' } } },
      { managedFields: [{ manager, operation: 'Update', fieldsV1: parameters }] },
    );
  const exclusiveOf = (kind: CustomKind) =>
    new KindCatalog(unpackKinds(packKinds([kind])), () => undefined).kindOf(widget).exclusive;

  it('of a custom kind travel with the bundle, with their writers, also beside rules that do not compile', () => {
    const when = 'self.status. ==';
    const broken = { ...widget, health: [{ when, state: 'ready' as const, reason: "'R'", message: "''" }] };
    for (const kind of [widget, broken]) {
      const compiled = exclusiveOf({ ...kind, exclusive });
      expect(foreignItems(writtenBy('editor'), compiled)).toEqual([['f:spec', 'f:parameters', 'f:fsync']]);
      expect(foreignItems(writtenBy('operator'), compiled)).toEqual([]);
    }
  });

  it('of a custom kind are annotations with exactly a declared name too, and these are ignored alone if unknown', () => {
    const annotations = (exclusiveAnnotations: CustomKind['exclusiveAnnotations']) =>
      exclusiveOf({ ...widget, exclusive, exclusiveAnnotations }).map(({ steps }) => steps.join('.'));
    const path = 'f:spec.f:parameters.[]';
    expect(annotations([{ name: 'example.com/patch' }])).toEqual([
      path,
      'f:metadata.f:annotations.f:example.com/patch',
    ]);
    expect(annotations([{ name: 'example.com/*' }])).toEqual([path]);
  });

  it('are none without a declaration, and with the syntax of a newer control plane', () => {
    expect(exclusiveOf(widget)).toEqual([]);
    expect(exclusiveOf({ ...widget, exclusive: [{ path: 'spec.list[?(@.a)]' }] })).toEqual([]);
    expect(kindOf('Gadget', 'example.com/v1').exclusive).toEqual([]);
  });

  it('of built-in kinds are valid paths, and every workload protects its pod template', () => {
    const paths = Object.values(exclusiveFields).flatMap((fields) => fields.map(({ path }) => path));
    for (const path of paths) expect(path).toMatch(exclusivePath);
    for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) {
      expect(kindOf(kind, 'apps/v1').exclusive.length).toBeGreaterThan(10);
    }
    expect(kindOf('Pod', 'v1').exclusive).toEqual([]);
  });
});

describe('built-in kinds', () => {
  it('never recreates kinds with data', () => {
    const kinds: [string, string][] = [
      ['v1', 'Namespace'],
      ['v1', 'PersistentVolumeClaim'],
    ];
    for (const [apiVersion, kind] of kinds) {
      expect(kindOf(kind, apiVersion).holdsData).toBe(true);
      expect(['refuse', 'expand']).toContain(kindOf(kind, apiVersion).immutablePolicy);
    }
    expect(kindOf('StatefulSet', 'apps/v1').immutablePolicy).toBe('orphan');
    expect(kindOf('Widget', 'example.com/v1').immutablePolicy).toBe('refuse');
  });
});

describe('a custom kind', () => {
  const catalog = new KindCatalog([widget]);

  it('is judged by the first rule that holds', () => {
    expect(catalog.healthOf(widgetOf({ phase: 'Ready' }))).toEqual({ state: 'ready', reason: 'Ready', message: '' });
    expect(catalog.healthOf(widgetOf({ phase: 'ErrImage: no such tag' }))).toEqual({
      state: 'failed',
      reason: 'ErrImage',
      message: 'Widget web failed: ErrImage: no such tag.',
    });
    expect(catalog.replicasOf(widgetOf({ ready: 2 }))).toEqual({ desired: 3, ready: 2 });
    expect(catalog.kindOf(widgetOf({}))).toMatchObject({ immutablePolicy: 'recreate', holdsData: true });
  });

  it('is judged by its conditions where no rule holds, and any other kind still is', () => {
    const conditions = [{ type: 'Ready', status: 'False', reason: 'Waiting', message: 'for others' }];
    expect(catalog.healthOf(widgetOf({ conditions }))).toMatchObject({ state: 'progressing', reason: 'Waiting' });
    expect(catalog.healthOf(objectOf('Gadget', { status: { conditions } }, {}, 'example.com/v1'))).toMatchObject({
      reason: 'Waiting',
    });
  });

  it('of an unexpected shape is unknown, and the agent goes on', () => {
    const health = catalog.healthOf(widgetOf({ phase: { nested: true } }));
    expect(health).toMatchObject({ state: 'progressing', reason: 'HealthUnknown' });
    expect(catalog.replicasOf(widgetOf({}, {}))).toEqual({ desired: 1, ready: 0 });
  });

  it.each([
    ['syntax', 'self.status. =='],
    ['an unknown variable', 'other.phase == 1'],
    ['an unknown function', 'shell(self.status.phase)'],
    ['a text where a truth is needed', "'yes'"],
    ['depth', `${'('.repeat(100)}true${')'.repeat(100)}`],
  ])('with a mistake (%s) is refused by name, and judged by its conditions', (_, when) => {
    const broken = { ...widget, health: [{ when, state: 'ready' as const, reason: "'R'", message: "''" }] };
    expect(() => compileCustomKind(broken)).toThrow(
      expect.objectContaining({ code: 'request.invalid', message: expect.stringContaining('kind Widget') }),
    );
    const causes: unknown[] = [];
    const tolerant = new KindCatalog([broken], (cause) => causes.push(cause));
    expect(causes).toHaveLength(1);
    expect(tolerant.healthOf(widgetOf({}))).toEqual({ state: 'ready', reason: 'Exists', message: '' });
    expect(tolerant.kindOf(widgetOf({}))).toMatchObject({ immutablePolicy: 'recreate', holdsData: true });
  });
});

describe('the wire form of kinds', () => {
  const packed = packKinds([widget]);

  it('is unpacked as it was packed, and fields of a newer control plane are ignored', () => {
    expect(unpackKinds(packed)).toEqual([widget]);
    expect(packKinds([{ ...widget }]).kindsDigest).toBe(packed.kindsDigest);
    const newer = packKinds([{ ...widget, later: 1 } as CustomKind]);
    expect(newer.kindsDigest).not.toBe(packed.kindsDigest);
    expect(unpackKinds(newer)).toEqual([widget]);
  });

  it('is refused when damaged, with another digest, or when it is no kind', () => {
    const invalid = expect.objectContaining({ code: 'request.invalid' });
    expect(() => unpackKinds({ ...packed, kindsGz: '????' })).toThrow(invalid);
    expect(() => unpackKinds({ ...packed, kindsDigest: 'b'.repeat(64) })).toThrow(/not bbbb/);
    expect(() => unpackKinds(packKinds([{ ...widget, immutablePolicy: 'never' } as unknown as CustomKind]))).toThrow(
      /0\.immutablePolicy/,
    );
    expect(() => unpackKinds(packKinds(Array.from({ length: 33 }, () => widget)))).toThrow(invalid);
  });
});

describe('the claims of an object', () => {
  it('are those of the templates of a StatefulSet', () => {
    const template = (name: string, storage: string) => ({
      metadata: { name },
      spec: { resources: { requests: { storage } } },
    });
    const spec = { volumeClaimTemplates: [template('data', '1Gi'), template('logs', '512Mi')] };
    expect(builtInCatalog.claimsOf(objectOf('StatefulSet', { spec }, {}, 'apps/v1'))).toEqual([
      { prefix: 'data-web-', storage: 2 ** 30 },
      { prefix: 'logs-web-', storage: 2 ** 29 },
    ]);
    expect(builtInCatalog.claimsOf(objectOf('ConfigMap'))).toEqual([]);
  });

  it('are those that the rules of a custom kind name, and none where they do not fit', () => {
    const claims = { prefix: "self.metadata.name + '-'", storage: 'self.spec.storage' };
    const catalog = new KindCatalog([{ ...widget, claims }]);
    expect(catalog.claimsOf(widgetOf({}, { storage: '1Gi' }))).toEqual([{ prefix: 'web-', storage: 2 ** 30 }]);
    expect(catalog.claimsOf(widgetOf({}, {}))).toEqual([]);
    expect(catalog.claimsOf(widgetOf({}, { storage: 'much' }))).toEqual([]);
  });
});

describe('data about a built-in kind', () => {
  const budget: CustomKind = {
    ...widget,
    apiVersion: 'policy/v1beta1',
    kind: 'PodDisruptionBudget',
    resource: 'poddisruptionbudgets',
  };

  it('is refused, naming the built-in kind', () => {
    const message = expect.stringContaining('policy/v1 PodDisruptionBudget is built in');
    expect(() => new KindCatalog([budget])).toThrow(expect.objectContaining({ code: 'request.invalid', message }));
  });

  it('is reported by an agent, for which the built-in kind holds', () => {
    const causes: unknown[] = [];
    const catalog = new KindCatalog([budget, widget], (cause) => causes.push(cause));
    expect(causes).toHaveLength(1);
    expect(catalog.kindOf(budget)).toBe(podDisruptionBudgetKind);
    expect(catalog.kindOf(widget).resource).toBe('widgets');
  });
});
