import { describe, expect, it } from '@jest/globals';
import { isMap, type KubeObject, labelsOf, parseObjects } from '@runos/kube-objects';
import { propertySeed, SeededRandom } from '@runos/testing-basics';
import fc from 'fast-check';
import type { RenderInput, ServiceType } from '@runos/catalog-model';
import { kindCatalog, latestRenderer, mintSecrets, renderInstance, serviceTypes } from './index.js';

fc.configureGlobal({ seed: propertySeed() });

const random = new SeededRandom(propertySeed());

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
      storageMb: fc.integer({ min: 1, max: 1_073_741_824 }),
      storage: fc.constantFrom('local', 'distributed'),
      storageClasses: fc.record({
        local: fc.constantFrom(null, undefined, 'fast'),
        distributed: fc.constantFrom(null, 'linstor'),
      }),
      configValues: type.config ? fc.constantFrom({}, { work_mem: '4MB', shared_buffers: '128MB' }) : fc.constant({}),
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
      ],
    },
  );

const sampleOf = (type: ServiceType): RenderInput => {
  const [input] = fc.sample(inputFor(type), { numRuns: 1 });
  if (!input) throw new Error('no sample');
  return input;
};

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

  it('changes only the restart annotation for a new restart time', () => {
    fc.assert(
      fc.property(inputFor(type), (input) => {
        const restarted = render(type, { ...input, restartedAt: '2031-01-01T00:00:00.000Z' });
        const text = JSON.stringify(restarted).replaceAll('2031-01-01T00:00:00.000Z', 'T');
        expect(text).toBe(JSON.stringify(render(type, { ...input, restartedAt: 'T' })));
        expect(JSON.stringify(restarted).match(/2031-01-01/g)).toHaveLength(1);
      }),
    );
  });

  it('puts the password into the Secret of the credentials', () => {
    const secrets = mintSecrets(type, random);
    const osid = `${type.type}-bcv4l`;
    const { schema, of } = type.credentials;
    const credentials = schema.parse(of({ osid }, secrets)) as Record<
      'username' | 'password' | 'url' | 'host',
      string
    > & {
      port: number;
    };
    const objects = render(type, {
      ...sampleOf(type),
      osid,
      secrets,
    });
    const secret = objects.find(({ kind }) => kind === 'Secret') as KubeObject & { data: Record<string, string> };
    const text = (key: string) => Buffer.from(secret.data[key] ?? '', 'base64').toString('utf8');
    expect({ username: text('username'), password: text('password') }).toEqual({
      username: credentials.username,
      password: credentials.password,
    });
    expect(new URL(credentials.url)).toMatchObject({
      hostname: credentials.host,
      port: String(credentials.port),
      username: credentials.username,
      password: credentials.password,
    });
    expect(credentials.password).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  it('throws `unavailable` for the renderer or version of a newer build, and `internal` for a missing secret', () => {
    const input = sampleOf(type);
    const internal = expect.objectContaining({ code: 'internal' });
    const unavailable = expect.objectContaining({ code: 'unavailable' });
    expect(() => renderInstance(type, 99, input)).toThrow(unavailable);
    expect(() => render(type, { ...input, version: 'toString' })).toThrow(unavailable);
    expect(() => render(type, { ...input, secrets: {} })).toThrow(internal);
  });
});
