import { afterAll, describe, expect, it } from '@jest/globals';
import { addon } from '@runos/addons';
import { resolveOwnInputs, type ServiceType } from '@runos/catalog-model';
import { type CustomKind, isCustomGroup, KindCatalog } from '@runos/kube-kinds';
import { groupOf } from '@runos/kube-objects';
import { TypeName } from '@runos/osid';
import { classesOf, defaultClassId, findClass } from '@runos/sizing';
import { kindCatalog, kindRules, latestRenderer, serviceType, serviceTypes } from './index.js';
import { serviceTypeFields } from './fields.js';
import { addServiceType, beacon, lantern, relay } from './testing/index.js';

const catalog = [...serviceTypes];
// Their forms differ from those of the real types: what holds for them too is demanded of every type.
const removals = [relay, beacon, lantern].map(addServiceType);
afterAll(() => removals.forEach((remove) => remove()));

describe('the catalog', () => {
  it('contains every type once and rejects unknown names', () => {
    const names = serviceTypes.map(({ type }) => type);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(serviceType(name).type).toBe(name);
    for (const name of ['redis', '', 'constructor', '__proto__'])
      expect(() => serviceType(name)).toThrow(expect.objectContaining({ code: 'type.not_found' }));
  });

  it('has the fields of every type in the list for clients', () => {
    const fields = serviceTypes.map(({ type, title, versions, defaultVersion, inputs, sizing }) => {
      return { type, title, versions, defaultVersion, inputs, sizing };
    });
    expect(serviceTypeFields.map(({ type }) => type)).toEqual(serviceTypes.map(({ type }) => type));
    serviceTypeFields.forEach((known, index) => expect(known).toMatchObject(fields[index] as object));
  });

  it.each(serviceTypes)('has a consistent definition of $type', (type) => {
    expect(TypeName.problem(type.type)).toBeUndefined();
    expect(type.sizing.service).toBe(type.type);
    expect(findClass(type.sizing, defaultClassId(type.sizing))).toBeDefined();
    expect(classesOf(type.sizing).length).toBeGreaterThan(0);
    expect(type.versions).toContain(type.defaultVersion);
    expect(Object.keys(type.renderers[latestRenderer(type)]?.images ?? {})).toEqual(type.versions);
    for (const { port } of type.ports) expect(port).toBeGreaterThan(0);
    for (const { type: needed } of type.requires) expect(serviceType(needed).type).toBe(needed);
    for (const name of type.addons) expect(addon(name).name).toBe(name);
    const { create, update, own } = type.inputs;
    expect('configSetId' in create.shape).toBe(type.config !== undefined);
    for (const name of Object.keys(update.shape)) expect(create.shape).toHaveProperty(name);
    expect(own.parse({})).toEqual(expect.any(Object)); // every own field has a default
    const needed = type.requires.filter(({ optional }) => !optional).map(({ alias }) => [alias, { id: 'abcde' }]);
    const requires = needed.length === 0 ? {} : { requires: Object.fromEntries(needed) as object };
    expect(create.safeParse({ ...requires, version: type.defaultVersion, name: 'orders' }).error).toBeUndefined();
    expect(create.safeParse({ ...requires, version: '0', nonsense: 1 }).error?.issues).toHaveLength(1);
    expect(type.credentials.schema.safeParse(type.credentials.example).error).toBeUndefined();
    expect(() => kindCatalog(type.type)).not.toThrow();
    for (const key of Object.keys(type.config?.reserved ?? {})) expect(type.config?.keys).not.toHaveProperty(key);
  });
});

/** The definitions that the custom resources of a type need. Kinds of Kubernetes itself need none. */
const neededCrds = ({ customKinds }: Pick<ServiceType, 'customKinds'>): string[] =>
  customKinds
    .filter(({ apiVersion }) => isCustomGroup(apiVersion))
    .map(({ apiVersion, resource }) => `${resource}.${groupOf(apiVersion)}`);

/** A kind that a type declares as data. */
const declared = (apiVersion: string, kind: string, resource: string): CustomKind => ({
  apiVersion,
  kind,
  resource,
  immutablePolicy: 'refuse',
  holdsData: false,
  variables: [],
  health: [],
});

describe('the custom resources of a type', () => {
  it.each(catalog)('have the add-ons that define those of $type', (type) => {
    const crds = type.addons.flatMap((name) => addon(name).crds);
    for (const crd of neededCrds(type)) expect(crds).toContain(crd);
  });

  it('need no add-on if they are of Kubernetes itself', () => {
    const autoscaler = declared('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers');
    expect(neededCrds({ customKinds: [autoscaler, declared('example.com/v1', 'Lamp', 'lamps')] })).toEqual([
      'lamps.example.com',
    ]);
    expect(() => new KindCatalog([autoscaler])).not.toThrow();
  });

  it.each<[string, Partial<CustomKind>, string]>([
    ['a long expression', { variables: [{ name: 'x', expression: `'${'x'.repeat(3_000)}'` }] }, 'invalid kind'],
    ['the core group', { apiVersion: 'v1' }, 'invalid kind'],
    [
      'an exclusive field that is no path',
      { exclusive: [{ path: 'spec..a' }] },
      'ignore a part of the data about Lamp',
    ],
  ])('are refused with %s, as agents would', (_, data, words) => {
    const remove = addServiceType({
      ...lantern,
      type: 'odd',
      customKinds: [{ ...declared('example.com/v1', 'Lamp', 'lamps'), ...data }],
    });
    const message = expect.stringContaining(words);
    expect(() => kindRules('odd')).toThrow(expect.objectContaining({ code: 'request.invalid', message }));
    remove();
  });

  it('are refused if they are built in', () => {
    const remove = addServiceType({
      ...lantern,
      type: 'twice',
      customKinds: [declared('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets')],
    });
    const message = expect.stringContaining('PodDisruptionBudget is built in');
    expect(() => kindCatalog('twice')).toThrow(expect.objectContaining({ message }));
    expect(() => kindRules('twice')).toThrow(expect.objectContaining({ message }));
    remove();
  });
});

describe('the own inputs of a type', () => {
  it('have defaults at creation, and are unchanged by an update that does not name them', () => {
    const { create, update, own } = relay.inputs;
    expect(create.parse({ requires: { cache: { id: 'abcde' } } })).toMatchObject({ mode: 'fast', region: 'eu' });
    const fields = update.parse({ replicas: 2 });
    expect(fields).toEqual({ replicas: 2 });
    expect(resolveOwnInputs({ create, update, own }, fields, { mode: 'safe', region: 'us' })).toEqual({
      mode: 'safe',
      region: 'us',
    });
    expect(update.safeParse({ mode: 'slow' }).success).toBe(false);
  });
});
