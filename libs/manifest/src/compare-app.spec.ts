import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import type { AppFile } from './app-file.js';
import { appFromServer, type ShownApp } from './app-from-server.js';
import type { AppContent } from './app-content.js';
import { compareApp } from './compare-app.js';
import { printAppFile } from './print-manifest.js';
import { readManifest } from './read-manifest.js';

fc.configureGlobal({ seed: propertySeed() });

const md5 = 'a'.repeat(32);
const shown: ShownApp = {
  aid: 'acme1',
  cid: 'lab01',
  app: {
    id: 'k3v9q',
    name: 'shop',
    deployType: 'image',
    image: 'ghcr.io/acme/shop:1.4',
    resourceRequirementClassId: 'app.sl1.small',
    replicas: 2,
    cpuRequestMc: 100,
    cpuLimitMc: 200,
    memoryRequestMb: 128,
    memoryLimitMb: 256,
    storageMb: 0,
    port: 8080,
    servicePortMappings: [
      { port: 8080, standardHttps: true, domains: [{ fqdn: 'shop.example.net', enableCloudflareProxy: true }] },
      { port: 9090, standardHttps: false, domains: [] },
    ],
    healthCheck: 'standard',
    nodeAffinityTags: ['ssd', 'zone:a'],
  },
  requires: { db: { id: 'p7x2m', type: 'postgresql', config: {}, env: { url: 'DATABASE_URL' } } },
  secretFiles: [{ filename: 'ca.pem', mountPath: '/etc/ca.pem', md5 }],
  overrides: [
    { id: 'o-1', name: 'probe', enabled: true, md5 },
    { id: 'o-2-long', name: 'Probe', enabled: false, md5 },
  ],
  hasEnv: true,
  hasSecretEnv: true,
};
const variables = { env: { LOG_LEVEL: 'info' }, secretEnv: { API_KEY: 'one', DATABASE_URL: 'postgresql://…' } };

const contentOf = (file: AppFile, over: Partial<AppContent> = {}): AppContent => ({
  file,
  ...variables,
  md5s: Object.fromEntries([...(file.secretFiles ?? []), ...(file.overrides ?? [])].map((each) => [each.local, md5])),
  ...over,
});
const server = contentOf(appFromServer(shown), { size: shown.app });
const pulled = (): AppFile => readManifest('runos.yaml', printAppFile(server.file)).file as AppFile;
const differences = (over: Partial<AppFile>, content: Partial<AppContent> = {}) =>
  compareApp({ ...contentOf({ ...pulled(), ...over }), ...content }, server).map(
    ({ field, kind, before, after, reason }) => [field, kind, before, after, ...(reason ? [reason] : [])],
  );

describe('the file of an app from the server', () => {
  it('has a class without numbers, and custom with all of them', () => {
    expect(server.file).not.toHaveProperty('replicas');
    const custom = appFromServer({
      ...shown,
      app: { ...shown.app, resourceRequirementClassId: 'custom', cpuRequestMc: 0 },
    });
    expect(custom).toMatchObject({ resourceRequirementClassId: 'custom', replicas: 2, cpuRequestMc: 0 });
    expect(custom.storageMb).toBeUndefined();
  });

  it('has a path of its own for each override', () => {
    expect(server.file.overrides?.map(({ local }) => local)).toEqual([
      'overrides/probe.yaml',
      'overrides/probe-o-2-lo.yaml',
    ]);
  });

  it('keeps the paths of the local file', () => {
    const local = {
      ...pulled(),
      env: 'vars.env',
      sourceDir: 'src',
      overrides: [{ id: 'o-1', enabled: true, local: 'p.yaml' }],
    };
    const file = appFromServer(shown, local);
    expect([file.env, file.sourceDir, file.overrides?.[0]?.local]).toEqual(['vars.env', 'src', 'p.yaml']);
  });

  it('is refused when no file can hold it', () => {
    expect(() => appFromServer({ ...shown, app: { ...shown.app, healthCheck: 'grpc' } })).toThrow(
      /App k3v9q has healthCheck that no file can hold/,
    );
  });
});

describe('a file and the state of the server', () => {
  it('do not differ after a pull', () => {
    expect(compareApp(contentOf(pulled()), server)).toEqual([]);
  });

  it.each<[string, Partial<AppFile>, readonly unknown[][]]>([
    [
      'image',
      { image: 'ghcr.io/acme/shop:1.5' },
      [['image', 'changed', 'ghcr.io/acme/shop:1.4', 'ghcr.io/acme/shop:1.5']],
    ],
    [
      'replicas',
      { replicas: 3 },
      [
        ['replicas', 'changed', 2, 3],
        ['class', 'changed', 'app.sl1.small', 'custom', 'replicas differ from the class'],
      ],
    ],
    ['a number as the class has it', { replicas: 2 }, []],
    ['class', { resourceRequirementClassId: 'app.sl1.beff' }, [['class', 'changed', 'app.sl1.small', 'app.sl1.beff']]],
    ['an absent class', { resourceRequirementClassId: undefined }, []],
    ['an absent check', { healthCheck: undefined }, [['healthCheck', 'only_server', 'standard', undefined]]],
    ['a port', { metricsPort: 9 }, [['metricsPort', 'only_local', undefined, 9]]],
    ['tags in another order', { nodeAffinityTags: ['zone:a', 'ssd'] }, []],
    ['absent mappings', { servicePortMappings: undefined }, []],
    [
      'a mapping',
      { servicePortMappings: [{ port: 8080, standardHttps: false, domains: [] }] },
      [
        ['port 8080.standardHttps', 'changed', true, false],
        ['port 8080.domains', 'only_server', { 'shop.example.net': { enableCloudflareProxy: true } }, undefined],
        ['port 9090', 'only_server', { standardHttps: false, domains: {} }, undefined],
      ],
    ],
    [
      'order of ports',
      { servicePortMappings: pulled().servicePortMappings?.toReversed() },
      [['order of ports', 'changed', [8080, 9090], [9090, 8080]]],
    ],
    [
      'a link as OSID',
      { requires: { db: { id: 'postgresql-p7x2m', type: 'postgresql', env: { url: 'DATABASE_URL' } } } },
      [],
    ],
    [
      'a link',
      { requires: { db: { id: 'p7x2m', type: 'postgresql', env: { url: 'DB' } } } },
      [['requires db.env.url', 'changed', 'DATABASE_URL', 'DB']],
    ],
    ['absent secret files and overrides', { secretFiles: undefined, overrides: undefined }, []],
    ['no secret files', { secretFiles: [] }, [['secretFiles ca.pem', 'only_server', md5, undefined]]],
    ['where sources are', { sourceDir: '..', dockerfile: 'D', configPath: 'x' }, []],
  ])('differ in %s', (_, over, changes) => expect(differences(over)).toEqual(changes));

  it('differ in variables, without those of links', () => {
    expect(differences({}, { env: { LOG_LEVEL: 'debug', NEW: '' }, secretEnv: { API_KEY: 'one' } })).toEqual([
      ['env LOG_LEVEL', 'changed', 'info', 'debug'],
      ['env NEW', 'only_local', undefined, ''],
    ]);
    const [change] = compareApp(contentOf(pulled(), { secretEnv: { API_KEY: 'two', DATABASE_URL: 'old' } }), server);
    expect(change).toEqual({
      field: 'secretEnv API_KEY',
      key: 'secretEnv',
      kind: 'changed',
      before: 'one',
      after: 'two',
      isSecret: true,
    });
    expect(differences({}, { env: undefined, secretEnv: undefined })).toEqual([]);
  });

  it('differ in files and overrides', () => {
    const other = 'b'.repeat(32);
    const md5s = { '.secret-files/ca.pem': other, 'overrides/probe.yaml': other, 'overrides/probe-o-2-lo.yaml': md5 };
    expect(differences({}, { md5s }).map(([field, kind]) => [field, kind])).toEqual([
      ['secretFiles ca.pem', 'changed'],
      ['overrides/probe.yaml', 'changed'],
    ]);
    const overrides = [
      { id: 'o-1', name: 'probe', enabled: false, local: 'overrides/probe.yaml' },
      { enabled: true, local: 'overrides/new.yaml' },
    ];
    expect(differences({ overrides }).map(([field, kind]) => [field, kind])).toEqual([
      ['overrides/probe.yaml enabled', 'changed'],
      ['overrides/new.yaml', 'only_local'],
      ['overrides/probe-o-2-lo.yaml', 'only_server'],
    ]);
  });

  it('differ in exactly what was edited', () => {
    const edits: Readonly<Record<string, Partial<AppFile>>> = {
      app: { app: 'other' },
      image: { image: 'ghcr.io/acme/other:2' },
      healthCheck: { healthCheck: 'tcp' },
      healthCheckPort: { healthCheckPort: 9090 },
      healthCheckPath: { healthCheckPath: '/live' },
      metricsPort: { metricsPort: 9090 },
      metricsPath: { metricsPath: '/m' },
      deploymentStrategy: { deploymentStrategy: 'recreate' },
      nodeAffinityTags: { nodeAffinityTags: ['hdd'] },
      buildArgs: { buildArgs: { A: '1' } },
      servicePortMappings: { servicePortMappings: [] },
      requires: { requires: {} },
      secretFiles: { secretFiles: [] },
      overrides: { overrides: [] },
      resourceRequirementClassId: { resourceRequirementClassId: 'app.sl1.beff' },
    };
    fc.assert(
      fc.property(fc.subarray(Object.keys(edits)), (names) => {
        const edited = names.reduce<AppFile>((file, name) => ({ ...file, ...edits[name] }), pulled());
        const text = printAppFile(edited);
        // Lists that a file names as empty: the printed form has them too.
        const local = contentOf(readManifest('runos.yaml', text).file as AppFile, { secretEnv: { API_KEY: 'one' } });
        const keys = new Set(compareApp(local, server).map(({ key }) => key));
        expect([...keys].sort()).toEqual([...names].sort());
      }),
    );
  });
});
