import { afterAll, describe, expect, it } from '@jest/globals';
import { isMap, type KubeObject, labelsOf, mapAt, parseObjects } from '@runos/kube-objects';
import { propertySeed, SeededRandom } from '@runos/testing-basics';
import fc from 'fast-check';
import type { ConfigKey, RenderInput, ServiceType } from '@runos/catalog-model';
import { kindCatalog, latestRenderer, mintSecrets, renderInstance, serviceTypes } from './index.js';
import { addServiceType, beacon, lantern, relay } from './testing/index.js';

// Their forms differ from those of the real types: what holds for them too is demanded of every type.
const removals = [relay, beacon, lantern].map(addServiceType);
afterAll(() => removals.forEach((remove) => remove()));

fc.configureGlobal({ seed: propertySeed() });

const random = new SeededRandom(propertySeed());

const storesNothing = ({ sizing }: ServiceType): boolean =>
  Object.values(sizing.sizes).every(({ storageMb }) => storageMb === null);

/** A valid value of a setting. */
function exampleOf(key: ConfigKey): string {
  if (key.kind === 'switch') return 'on';
  if (key.kind === 'choice') return key.options[0] ?? '';
  return key.kind === 'timeZone' ? 'Europe/Berlin' : String(key.min);
}

const exampleValues = ({ config }: ServiceType): Record<string, string> =>
  Object.fromEntries(Object.entries(config?.keys ?? {}).map(([name, key]) => [name, exampleOf(key)]));

const inputFor = (type: ServiceType): fc.Arbitrary<RenderInput> =>
  fc.record(
    {
      osid: fc.stringMatching(/^[a-z0-9]{5}$/).map((id) => `${type.type}-${id}`),
      aid: fc.stringMatching(/^[a-z0-9]{5}$/),
      cid: fc.stringMatching(/^[a-z0-9]{3,16}$/),
      clusterDomain: fc.constant('ky3.rjwrn.example.com'),
      version: fc.constantFrom(...type.versions),
      replicas: fc.integer({ min: 1, max: 20 }),
      cpuRequestMc: fc.nat(10_000),
      cpuLimitMc: fc.integer({ min: 10_000, max: 1_024_000 }),
      memoryRequestMb: fc.nat(65_536),
      memoryLimitMb: fc.integer({ min: 65_536, max: 67_108_864 }),
      storageMb: storesNothing(type) ? fc.constant(null) : fc.integer({ min: 1, max: 1_073_741_824 }),
      storage: fc.constantFrom('local', 'distributed'),
      storageClasses: fc.record({
        local: fc.constantFrom(null, undefined, 'fast'),
        distributed: fc.constantFrom(null, 'linstor'),
      }),
      configValues: fc.constantFrom({}, exampleValues(type)),
      inputs: fc.constant(type.inputs.own.parse({})),
      requires: fc.constant(Object.fromEntries(type.requires.map((each) => [each.alias, `${each.type}-abcde`]))),
      secrets: fc.constant(mintSecrets(type, random)),
      restartedAt: fc.constant('2030-01-02T03:04:05.000Z'),
      imageRegistry: fc.constant('registry.internal'),
    },
    {
      requiredKeys: [
        'osid',
        'aid',
        'cid',
        'clusterDomain',
        'version',
        'replicas',
        'cpuRequestMc',
        'cpuLimitMc',
        'memoryRequestMb',
        'memoryLimitMb',
        'storageMb',
        'storage',
        'storageClasses',
        'configValues',
        'secrets',
        'inputs',
        'requires',
      ],
    },
  );

const sampleOf = (type: ServiceType): RenderInput => {
  const [input] = fc.sample(inputFor(type), { numRuns: 1 });
  if (!input) throw new Error('no sample');
  return input;
};

/** Their pods are replaced when their template changes; those of a Job are not. */
const builtInWorkloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** A custom resource whose kind counts replicas has pods. */
const hasPods = ({ customKinds }: ServiceType, { apiVersion, kind }: KubeObject): boolean =>
  builtInWorkloads.has(kind) ||
  customKinds.some((each) => each.apiVersion === apiVersion && each.kind === kind && each.replicas !== undefined);

const decoded = ([key, text]: [string, unknown]): [string, string] => [
  key,
  Buffer.from(String(text), 'base64').toString('utf8'),
];

const render = (type: ServiceType, input: RenderInput) => renderInstance(type, latestRenderer(type), input);

/** Every value in an object with its path; lists and maps included. */
function* values(value: unknown, path: readonly string[] = []): Generator<[readonly string[], unknown]> {
  yield [path, value];
  if (isMap(value)) for (const [key, inner] of Object.entries(value)) yield* values(inner, [...path, key]);
  else if (Array.isArray(value)) for (const inner of value) yield* values(inner, path);
}

const isQuantity = (path: readonly string[]) =>
  /^(cpu|memory|storage|size)$/.test(path.at(-1) ?? '') && path.some((key) => /^(requests|limits|storage)$/.test(key));

/** Whether the API server prints the quantity in another form: whole cores in millicores, 1024 of a unit. */
function isReducible(quantity: string): boolean {
  const [, digits = '', unit] = /^([1-9][0-9]*)(m|Mi|Gi|Ti|Pi)$/.exec(quantity) ?? [];
  return unit !== undefined && Number(digits) % (unit === 'm' ? 1000 : 1024) === 0;
}

describe.each(serviceTypes)('a rendering of $type', (type) => {
  it('is deterministic and pure JSON', () => {
    fc.assert(
      fc.property(inputFor(type), (input) => {
        const objects = render(type, input);
        expect(render(type, structuredClone(input))).toEqual(objects);
        expect(JSON.parse(JSON.stringify(objects))).toEqual(objects);
        expect(parseObjects(objects)).toEqual(objects);
      }),
    );
  });

  it('starts with its namespace, has the owner labels on every object, and contains each object once', () => {
    fc.assert(
      fc.property(inputFor(type), (input) => {
        const [first, ...others] = render(type, input);
        expect(first).toMatchObject({ kind: 'Namespace', metadata: { name: input.osid } });
        for (const object of others) expect(object.metadata.namespace).toBe(input.osid);
        for (const object of [first, ...others]) expect(object?.metadata.labels).toEqual(labelsOf(input));
        const names = others.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
        expect(new Set(names).size).toBe(names.length);
        expect(others.some(({ metadata }) => metadata.name === input.osid)).toBe(true);
      }),
    );
  });

  it('contains only objects of the kinds that the type declares', () => {
    const declared = [...type.kinds, ...type.customKinds].map(({ apiVersion, kind }) => `${apiVersion}/${kind}`);
    fc.assert(
      fc.property(inputFor(type), (input) => {
        for (const { apiVersion, kind } of render(type, input)) expect(declared).toContain(`${apiVersion}/${kind}`);
      }),
    );
    for (const kind of [...type.kinds, ...type.customKinds]) {
      expect(kindCatalog(type.type).kindOf(kind).resource).toBe(kind.resource);
    }
  });

  it('has no null, no stringData, no duplicate list items, and only canonical quantities', () => {
    fc.assert(
      fc.property(inputFor(type), (input) => {
        for (const object of render(type, input)) {
          expect(object).not.toHaveProperty('stringData');
          for (const [path, value] of values(object)) {
            expect(value === null || value === undefined).toBe(false);
            const names = Array.isArray(value)
              ? value.map((item: unknown) => (isMap(item) ? (item.name ?? JSON.stringify(item)) : item))
              : [];
            expect(new Set(names).size).toBe(names.length);
            if (!isQuantity(path) || typeof value !== 'string') continue;
            expect(value).toMatch(/^(0|[1-9][0-9]*(m|Mi|Gi|Ti|Pi)?)$/);
            expect(isReducible(value)).toBe(false);
          }
        }
      }),
    );
  });

  it('changes only restart annotations for a new restart time, one in each object with pods', () => {
    fc.assert(
      fc.property(inputFor(type), (input) => {
        const time = '2031-01-01T00:00:00.000Z';
        const restarted = render(type, { ...input, restartedAt: time });
        const text = JSON.stringify(restarted).replaceAll(time, 'T');
        expect(text).toBe(JSON.stringify(render(type, { ...input, restartedAt: 'T' })));
        for (const object of restarted) {
          expect(JSON.stringify(object).split(time).length - 1).toBe(hasPods(type, object) ? 1 : 0);
          if (!builtInWorkloads.has(object.kind)) continue;
          const annotations = mapAt(object, 'spec', 'template', 'metadata', 'annotations');
          expect(Object.values(annotations)).toContain(time);
        }
      }),
    );
  });

  it('has its secrets in Secrets alone, and the values there that its credentials give', () => {
    const secrets = mintSecrets(type, random);
    for (const { name, length } of type.secrets) expect(secrets[name]).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`));
    const osid = `${type.type}-bcv4l`;
    const credentials = type.credentials.schema.parse(type.credentials.of({ osid }, secrets));
    if (!isMap(credentials)) throw new Error('credentials are not a map');
    const objects = render(type, { ...sampleOf(type), osid, secrets });
    const [stored, others] = [true, false].map((isSecret) =>
      objects.filter(({ kind }) => (kind === 'Secret') === isSecret),
    ) as [KubeObject[], KubeObject[]];
    const texts = stored.flatMap((object) => Object.entries(mapAt(object, 'data')).map(decoded));
    for (const secret of Object.values(secrets)) {
      expect(texts.some(([, text]) => text.includes(secret))).toBe(true);
      expect(JSON.stringify(others)).not.toContain(secret);
    }
    for (const [key, text] of texts) if (key in credentials) expect(text).toBe(String(credentials[key]));
  });

  it('has a URL in its credentials that agrees with their other fields, if it has one', () => {
    const osid = `${type.type}-bcv4l`;
    const credentials: unknown = type.credentials.of({ osid }, mintSecrets(type, random));
    if (!isMap(credentials) || typeof credentials['url'] !== 'string') return;
    const { hostname, port, username, password } = new URL(credentials['url']);
    for (const [field, value] of Object.entries({ host: hostname, port, username, password })) {
      if (value !== '' && field in credentials) expect(value).toBe(String(credentials[field]));
    }
  });

  it('throws `unavailable` for the renderer or version of a newer build, and `internal` for a missing secret', () => {
    const input = sampleOf(type);
    const internal = expect.objectContaining({ code: 'internal' });
    const unavailable = expect.objectContaining({ code: 'unavailable' });
    expect(() => renderInstance(type, 99, input)).toThrow(unavailable);
    expect(() => render(type, { ...input, version: 'toString' })).toThrow(unavailable);
    if (type.secrets.length > 0) expect(() => render(type, { ...input, secrets: {} })).toThrow(internal);
  });
});
