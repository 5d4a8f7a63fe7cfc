import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig, toEnvironment } from '@runos/config';
import { catalog, type Sizing } from '@runos/contracts';
import { Bus, NatsConnector, type RunningService, startService } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { addServiceType, relay } from '@runos/service-types/testing';
import { type PlaneNats, planeNats } from '@runos/testing-nats';
import { catalogService } from '../src/module.js';

let nats: PlaneNats;
let service: RunningService;
const links: NatsConnector[] = [];
const logger = createLogger({ service: 'spec', level: 'silent' });
const configOf = (name: 'catalog' | 'gateway' | 'reconciler' | 'config-sets') =>
  loadConfig(catalogService.config, toEnvironment(nats.settingsOf(name)));

function bus(name: 'gateway' | 'reconciler' | 'config-sets'): Bus {
  const config = configOf(name);
  const link = new NatsConnector({ service: name, config, logger });
  links.push(link);
  return new Bus(name, link, config);
}

let gateway: Bus;
let reconciler: Bus;
let configSets: Bus;
beforeAll(async () => {
  nats = await planeNats();
  service = await startService(catalogService, configOf('catalog'), logger);
  [gateway, reconciler, configSets] = [bus('gateway'), bus('reconciler'), bus('config-sets')];
});
afterAll(async () => {
  await Promise.all(links.map((link) => link.stop()));
  await service.stop();
  await nats.stop();
});

const cluster = { localStorageClass: null, distributedStorageClass: null };
const rendered = ['16', '17', '18', '8.1', '4.0'];
const resolve = (type: string, fields: Record<string, unknown>, sizing?: Sizing, versions = rendered) =>
  reconciler.request(catalog.resolveInstance, {
    type,
    fields,
    current: sizing && { sizing, inputs: {} },
    cluster,
    versions,
  });

describe('the switch for automatic rollbacks', () => {
  const resolveApp = async (fields: Record<string, unknown>, isUpdate: boolean) => {
    const request = { fields: { image: 'ghcr.io/acme/shop:1.4' } };
    const { sizing, inputs } = await reconciler.request(catalog.resolveApp, request);
    const current = isUpdate ? { current: { sizing, inputs } } : {};
    return reconciler.request(catalog.resolveApp, { fields: { ...request.fields, ...fields }, ...current });
  };
  const resolveService = async (fields: Record<string, unknown>, isUpdate: boolean) =>
    resolve('valkey', fields, isUpdate ? (await resolve('valkey', {})).sizing : undefined);

  it.each([
    ['app', resolveApp],
    ['valkey', resolveService],
  ])('is a boolean, which an update of %s can clear', async (_type, resolveFields) => {
    const refused = {
      code: 'request.invalid',
      details: { issues: [expect.objectContaining({ path: 'autoRollback' })] },
    };
    for (const isUpdate of [false, true]) {
      expect((await resolveFields({ autoRollback: true }, isUpdate)).inputs).not.toHaveProperty('autoRollback');
    }
    await resolveFields({ autoRollback: null }, true);
    await expect(resolveFields({ autoRollback: null }, false)).rejects.toMatchObject(refused);
  });

  it('is nothing else', async () => {
    const fields: Record<string, unknown> = { autoRollback: 'yes' };
    await expect(reconciler.request(catalog.resolveApp, { fields })).rejects.toMatchObject({
      code: 'request.invalid',
    });
  });
});

describe('a refused key of an app', () => {
  it.each([
    ['requires', { '1db': { type: 'valkey', id: 'abcde' } }, '1db', 'must be a letter, then letters, digits, _ and -'],
    ['buildArgs', { '1A': 'x' }, '1A', 'must be a letter or _, then letters, digits and _'],
  ])('has the words of its rule: %s', async (field, value, key, words) => {
    const fields = { [field]: value };
    await expect(reconciler.request(catalog.resolveApp, { fields })).rejects.toMatchObject({
      details: {
        issues: expect.arrayContaining([{ path: `${field}.${key}`, message: `${field}.${key} of app: ${words}` }]),
      },
    });
  });
});

describe('the catalog over NATS', () => {
  it('lists the classes of apps, which have no storage', async () => {
    const { classes } = await gateway.request(catalog.listSizingClasses, { type: 'app' });
    expect(classes[0]).toMatchObject({ id: expect.stringMatching(/^app\./), storage: 'none' });
    expect(classes[0]).not.toHaveProperty('storageMb');
  });

  it('lists classes and versions of a type', async () => {
    const { classes } = await gateway.request(catalog.listSizingClasses, { type: 'valkey' });
    expect(classes).toHaveLength(8);
    expect(classes[0]).toEqual({
      id: 'valkey.c0.beff',
      replicas: 1,
      cpuRequestMc: 0,
      cpuLimitMc: 500,
      memoryRequestMb: 0,
      memoryLimitMb: 512,
      storageMb: 1024,
      storage: 'local',
    });
    expect(await gateway.request(catalog.listVersions, { type: 'postgresql' })).toEqual({
      versions: [
        { version: '16', default: false },
        { version: '17', default: true },
        { version: '18', default: false },
      ],
    });
    const unknown = { type: 'nonsense' };
    for (const reply of [
      gateway.request(catalog.listSizingClasses, unknown),
      gateway.request(catalog.listVersions, unknown),
    ])
      await expect(reply).rejects.toMatchObject({ code: 'type.not_found' });
  });

  it('resolves a new instance and a change', async () => {
    const created = await resolve('postgresql', { name: 'orders', version: '16', flags: {}, driftPolicy: 'report' });
    expect(created).toEqual({
      sizing: {
        resourceRequirementClassId: 'postgresql.c0.beff',
        replicas: 1,
        cpuRequestMc: 0,
        cpuLimitMc: 1000,
        memoryRequestMb: 0,
        memoryLimitMb: 2048,
        storageMb: 10_240,
        storage: 'local',
      },
      version: '16',
      inputs: {},
    });
    const changed = await resolve('postgresql', { cpuLimitMc: 1500 }, created.sizing);
    expect(changed).toMatchObject({
      sizing: { resourceRequirementClassId: 'custom', cpuLimitMc: 1500 },
      rrcFlipHint: expect.stringContaining('custom'),
    });
  });

  it('allows writers of the custom resources of a type', async () => {
    const allowedWriters = [{ manager: 'scaler', kind: 'Cluster', fields: ['spec.instances'] }];
    await expect(resolve('postgresql', { allowedWriters })).resolves.toBeDefined();
  });

  it.each([
    ['nonsense', {}, 'type.not_found', undefined],
    [
      'postgresql',
      { resourceRequirementClassId: 'postgresql.c9.beff' },
      'class.unknown',
      ['resourceRequirementClassId'],
    ],
    [
      'postgresql',
      { resourceRequirementClassId: 'postgresql.c1.beff' },
      'sizing.invalid',
      ['resourceRequirementClassId'],
    ],
    ['postgresql', { replicas: 0, cpuLimitMc: 1e308 }, 'sizing.invalid', ['replicas', 'cpuLimitMc']],
    ['postgresql', { version: '15' }, 'request.invalid', ['version']],
    ['postgresql', { configType: 'config_set' }, 'request.invalid', ['configSetId']],
    [
      'valkey',
      { allowedWriters: [{ manager: 'scaler', kind: 'Deployment', fields: ['spec.replicas'] }] },
      'request.invalid',
      ['allowedWriters[0].kind'],
    ],
    [
      'valkey',
      { configType: 'custom', version: '7', replicas: 99 },
      'request.invalid',
      ['configType', 'version', 'replicas'],
    ],
  ])('rejects for %s %j', async (type, fields, code, paths) => {
    const fault = await resolve(type, fields).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code });
    expect((fault as { details: { issues?: { path: string }[] } }).details.issues?.map(({ path }) => path)).toEqual(
      paths,
    );
  });

  it('offers only versions that the caller can render', async () => {
    expect((await resolve('postgresql', {}, undefined, ['16', '17'])).version).toBe('17');
    expect((await resolve('postgresql', {}, undefined, ['15', '16'])).version).toBe('16');
    await expect(resolve('postgresql', { version: '18' }, undefined, ['16', '17'])).rejects.toMatchObject({
      code: 'unavailable',
      details: { retryAfterSeconds: 1 },
    });
    await expect(resolve('postgresql', { version: '99' }, undefined, ['17', '99'])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no version 99 of postgresql, which only a newer build has'),
    });
    await expect(resolve('postgresql', { version: '99' }, undefined, ['16', '17'])).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'version' }] },
    });
    await expect(resolve('postgresql', {}, undefined, ['15'])).rejects.toMatchObject({
      code: 'unavailable',
      details: { retryAfterSeconds: 1 },
    });
  });

  it('answers a caller that lacks a type whether this build has it', async () => {
    await expect(resolve('postgresql', {}, undefined, [])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no service type postgresql, which only a newer build has'),
    });
    await expect(resolve('nonsense', {}, undefined, [])).rejects.toMatchObject({ code: 'type.not_found' });
  });

  it('refuses a version that it does not offer any more', async () => {
    const images = { '2': { registry: 'docker.io', repository: 'example/relay', tag: '2' } };
    const renderers = { ...relay.renderers, 3: { images, render: () => [] } };
    const remove = addServiceType({ ...relay, versions: ['2'], defaultVersion: '2', renderers });
    const requires = { cache: { id: 'abcde' } };
    await expect(resolve('relay', { requires, version: '1' }, undefined, ['1', '2'])).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'version' }] },
    });
    remove();
  });

  it('resolves the own fields of a type: defaults, changes, and what is fixed', async () => {
    const remove = addServiceType(relay);
    try {
      const requires = { cache: { id: 'abcde' } };
      const resolveRelay = (fields: Record<string, unknown>, current?: { sizing: Sizing; inputs: object }) =>
        reconciler.request(catalog.resolveInstance, {
          type: 'relay',
          fields,
          current: current && { ...current, inputs: { ...current.inputs } },
          cluster,
          versions: ['1'],
        });
      const created = await resolveRelay({ requires, region: 'us' });
      expect(created.inputs).toEqual({ mode: 'fast', region: 'us' });
      const changed = await resolveRelay({ mode: 'safe' }, created);
      expect(changed.inputs).toEqual({ mode: 'safe', region: 'us' });
      // Stored by a newer build, and by one before the field `mode`.
      const newer = { ...created, inputs: { mode: 'newer', region: 'us', color: 'red' } };
      expect((await resolveRelay({ cpuLimitMc: 200 }, newer)).inputs).toEqual(newer.inputs);
      expect((await resolveRelay({ mode: 'safe' }, newer)).inputs).toEqual({ ...newer.inputs, mode: 'safe' });
      const older = { ...created, inputs: { region: 'us' } };
      expect((await resolveRelay({}, older)).inputs).toEqual({ mode: 'fast', region: 'us' });
      for (const [fields, path] of [
        [{ region: 'eu' }, 'region'],
        [{ requires }, 'requires'],
        [{ mode: 'slow' }, 'mode'],
      ] as const) {
        const refused = resolveRelay(fields, created);
        await expect(refused).rejects.toMatchObject({ code: 'request.invalid', details: { issues: [{ path }] } });
      }
      await expect(resolveRelay({ storageMb: 1 })).rejects.toMatchObject({ code: 'request.invalid' });
    } finally {
      remove();
    }
  });

  it('rejects changes of fields that are fixed at creation', async () => {
    const { sizing } = await resolve('valkey', {});
    await expect(resolve('valkey', { version: '8.1' }, sizing)).rejects.toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining('fixed at creation'),
    });
    await expect(resolve('valkey', { storageMb: 4096 }, sizing)).rejects.toMatchObject({ code: 'sizing.invalid' });
    expect((await resolve('valkey', { storageMb: 1024 }, sizing)).sizing).toEqual(sizing);
  });

  it('validates the values of config sets', async () => {
    const check = (type: string, values: Record<string, string>) =>
      configSets.request(catalog.checkConfigValues, { type, values });
    expect(await check('postgresql', { shared_buffers: '256MB' })).toEqual({ valid: true });
    await expect(check('postgresql', { archive_mode: 'off', x: '1' })).rejects.toMatchObject({
      code: 'configset.invalid',
      message: expect.stringMatching(/^archive_mode cannot be set.*\(and 1 more\)\.$/),
      details: { issues: [{ path: 'values.archive_mode' }, { path: 'values.x' }] },
    });
    await expect(check('valkey', {})).rejects.toMatchObject({ code: 'configset.invalid' });
    await expect(check('nonsense', {})).rejects.toMatchObject({ code: 'type.not_found' });
  });
});
