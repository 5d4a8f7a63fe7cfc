import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import type { AppFile } from './app-file.js';
import { printAppFile } from './print-manifest.js';
import { type AppOnDisk, diff, fileOf, plan, pull, sync } from './testing/app-on-disk.js';
import { AppModel } from './testing/app-model.js';

fc.configureGlobal({ seed: propertySeed() });

const editFile =
  (edit: (file: AppFile) => Partial<AppFile>) =>
  (files: AppOnDisk): AppOnDisk => ({
    ...files,
    text: printAppFile({ ...fileOf(files.text), ...edit(fileOf(files.text)) }),
  });
const editContent =
  (path: string, content: string) =>
  (files: AppOnDisk): AppOnDisk => ({ ...files, contents: { ...files.contents, [path]: content } });

const mapping = (port: number) => ({ port, standardHttps: true, domains: [] });
const probe = 'overrides/probe.yaml';

/** Every field, with another value and without one where that means something; and the files beside it. */
const edits: Readonly<Record<string, (files: AppOnDisk) => AppOnDisk>> = {
  app: editFile(() => ({ app: 'other' })),
  image: editFile(() => ({ image: 'ghcr.io/acme/shop:2' })),
  replicas: editFile(() => ({ replicas: 3 })),
  'class and a number': editFile(() => ({ resourceRequirementClassId: 'app.sl2.medium', memoryLimitMb: 3000 })),
  custom: editFile(() => ({
    resourceRequirementClassId: 'custom',
    replicas: 2,
    cpuRequestMc: 10,
    cpuLimitMc: 20,
    memoryRequestMb: 64,
    memoryLimitMb: 128,
  })),
  class: editFile(() => ({ resourceRequirementClassId: 'app.sl2.beff' })),
  'other ports': editFile(() => ({ servicePortMappings: [mapping(8080), mapping(7070)] })),
  'order of ports': editFile(({ servicePortMappings }) => ({ servicePortMappings: servicePortMappings?.toReversed() })),
  'no ports': editFile(() => ({ servicePortMappings: [] })),
  domains: editFile(() => ({
    servicePortMappings: [{ ...mapping(8080), domains: [{ fqdn: 'a.example.net', enableCloudflareProxy: true }] }],
  })),
  healthCheck: editFile(() => ({ healthCheck: 'tcp' })),
  'no healthCheck': editFile(() => ({ healthCheck: undefined, healthCheckPath: undefined })),
  healthCheckPort: editFile(() => ({ healthCheckPort: 9090 })),
  'no healthCheckPort': editFile(() => ({ healthCheckPort: undefined })),
  healthCheckPath: editFile(() => ({ healthCheckPath: '/live' })),
  metricsPort: editFile(() => ({ metricsPort: 8081 })),
  'no metrics': editFile(() => ({ metricsPort: undefined, metricsPath: undefined })),
  metricsPath: editFile(() => ({ metricsPath: '/m' })),
  deploymentStrategy: editFile(() => ({ deploymentStrategy: 'fast' })),
  'no deploymentStrategy': editFile(() => ({ deploymentStrategy: undefined })),
  nodeAffinityTags: editFile(() => ({ nodeAffinityTags: ['hdd'] })),
  'no nodeAffinityTags': editFile(() => ({ nodeAffinityTags: undefined })),
  'empty nodeAffinityTags': editFile(() => ({ nodeAffinityTags: [] })),
  readOnlyRootFilesystem: editFile(() => ({ readOnlyRootFilesystem: true })),
  buildArgs: editFile(() => ({ buildArgs: { A: '2', B: '' } })),
  'empty buildArgs': editFile(() => ({ buildArgs: {} })),
  requires: editFile(() => ({ requires: { mq: { id: 'rabbitmq-p7x2m', type: 'rabbitmq', env: { url: 'MQ' } } } })),
  'no requires': editFile(() => ({ requires: undefined })),
  'empty requires': editFile(() => ({ requires: {} })),
  env: (files) => ({ ...files, env: { ...files.env, LOG_LEVEL: 'debug', NEW: '' } }),
  'empty env': (files) => ({ ...files, env: {} }),
  secretEnv: (files) => ({ ...files, secretEnv: { ...files.secretEnv, API_KEY: 'changed' } }),
  'empty secretEnv': (files) => ({ ...files, secretEnv: {} }),
  'content of a secret file': editContent('.secret-files/ca.pem', 'renewed'),
  'path of a secret file': editFile(() => ({
    secretFiles: [{ local: '.secret-files/ca.pem', mountPath: '/ca.pem' }],
  })),
  'another secret file': (files) =>
    editFile(({ secretFiles = [] }) => ({ secretFiles: [...secretFiles, { local: 'key.pem' }] }))(
      editContent('key.pem', 'key')(files),
    ),
  'no secret files': editFile(() => ({ secretFiles: [] })),
  'content of an override': editContent(probe, 'spec: {replicas: 2}\n'),
  'name of an override': editFile(() => ({ overrides: [{ id: 'o-0', name: 'other', enabled: true, local: probe }] })),
  'disabled override': editFile(() => ({ overrides: [{ id: 'o-0', enabled: false, local: probe }] })),
  'another override': (files) =>
    editFile(({ overrides = [] }) => ({ overrides: [...overrides, { enabled: true, local: 'overrides/new.yaml' }] }))(
      editContent('overrides/new.yaml', 'a: 1\n')(files),
    ),
  'override with an unknown id': editFile(() => ({
    overrides: [
      { id: 'o-0', enabled: true, local: probe },
      { id: 'gone', name: 'gone', enabled: false, local: probe },
    ],
  })),
  'no overrides': editFile(() => ({ overrides: [] })),
};

/** Edits that remove an entry of a list, so that `prune` is needed. */
const prunedEdits: typeof edits = {
  'a variable less': ({ env, ...files }) => ({ ...files, env: { MODE: env?.['MODE'] ?? '' } }),
  'a secret variable less': ({ secretEnv, ...files }) => ({
    ...files,
    secretEnv: { OTHER: secretEnv?.['OTHER'] ?? '' },
  }),
  'a secret file instead': (files) =>
    editFile(() => ({ secretFiles: [{ local: 'key.pem' }] }))(editContent('key.pem', 'key')(files)),
  'an override instead': (files) =>
    editFile(() => ({ overrides: [{ enabled: true, local: 'overrides/new.yaml' }] }))(
      editContent('overrides/new.yaml', 'a: 1\n')(files),
    ),
};

/** Fields that a file without them keeps. */
const keptEdits: typeof edits = {
  image: editFile(() => ({ image: undefined })),
  class: editFile(() => ({ resourceRequirementClassId: undefined })),
  servicePortMappings: ({ text, ...files }) => ({
    ...files,
    text: text.replace(/^servicePortMappings:\n(?: .*\n)*/m, ''),
  }),
  buildArgs: editFile(() => ({ buildArgs: undefined })),
  secretFiles: editFile(() => ({ secretFiles: undefined })),
  overrides: editFile(() => ({ overrides: undefined })),
  'file of variables': (files) => ({ ...files, env: undefined, secretEnv: undefined }),
  'content of secrets': (files) => ({ ...files, contents: { [probe]: files.contents[probe] ?? '' } }),
  'order of tags': editFile(({ nodeAffinityTags }) => ({ nodeAffinityTags: nodeAffinityTags?.toReversed() })),
  'a comment': (files) => ({ ...files, text: `# ours\n${files.text}` }),
  'a number as the class has it': editFile(() => ({ cpuLimitMc: 500 })),
  readOnlyRootFilesystem: editFile(() => ({ readOnlyRootFilesystem: false })),
};

const settled = (files: AppOnDisk, server: AppModel, prune = false) => {
  expect(diff(files, server)).toEqual([]);
  expect(plan(files, server, prune)).toMatchObject({ writes: [], adopted: [] });
};

describe('a sync after a pull', () => {
  it('has nothing to do', () => {
    const server = new AppModel();
    settled(pull(server), server, true);
  });

  it.each(Object.keys(edits))('makes the server equal after an edit: %s', (name) => {
    const server = new AppModel();
    const edited = edits[name]?.(pull(server)) ?? pull(server);
    expect(diff(edited, server)).not.toEqual([]);
    settled(sync(edited, server), server);
  });

  it('makes the server equal after any edits together, in one pass', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(edits)), fc.boolean(), (names, prune) => {
        const server = new AppModel();
        const edited = names.reduce((files, name) => edits[name]?.(files) ?? files, pull(server));
        const { writes, kept } = plan(edited, server, prune);
        expect(writes.length > 0).toBe(diff(edited, server).length > kept.length);
        const after = sync(edited, server, prune);
        expect(plan(after, server, prune).writes).toEqual([]);
        expect(diff(after, server).map(({ field }) => field)).toEqual(kept.map(({ field }) => field));
      }),
      { numRuns: 40 },
    );
  });

  it.each(Object.keys(prunedEdits))('keeps what the files do not mention, and removes it with prune: %s', (name) => {
    const server = new AppModel();
    const edited = prunedEdits[name]?.(pull(server)) ?? pull(server);
    const first = plan(edited, server);
    expect([first.removals, first.kept.length]).toEqual([[], 1]);
    const after = sync(edited, server);
    expect(diff(after, server).map(({ kind }) => kind)).toEqual(['only_server']);
    expect(plan(after, server, true).removals).toHaveLength(1);
    settled(sync(after, server, true), server, true);
  });

  it.each(Object.keys(keptEdits))('changes nothing for what an absent or equal field keeps: %s', (name) => {
    const server = new AppModel();
    const edited = keptEdits[name]?.(pull(server)) ?? pull(server);
    expect(diff(edited, server)).toEqual([]);
    expect(plan(edited, server).writes).toEqual([]);
  });

  it('finishes after a failure between any two writes', () => {
    const names = ['image', 'env', 'content of a secret file', 'disabled override', 'another override'];
    const edited = (server: AppModel) => names.reduce((files, name) => edits[name]?.(files) ?? files, pull(server));
    const count = plan(edited(new AppModel()), new AppModel()).writes.length;
    expect(count).toBe(4);
    for (let done = 0; done < count; done += 1) {
      const server = new AppModel();
      const files = edited(server);
      // The answers are lost: no id of an override is stored.
      for (const { method, path, body = {} } of plan(files, server).writes.slice(0, done))
        server.write(method, path, body);
      expect(plan(files, server).writes).toHaveLength(count - done);
      settled(sync(files, server), server);
      expect(server.shown.overrides).toHaveLength(2);
    }
  });
});

describe('the plan of a sync', () => {
  const writesOf = (names: readonly string[]) => {
    const server = new AppModel();
    const files = names.reduce((before, name) => edits[name]?.(before) ?? before, pull(server));
    return plan(files, server).writes.map(({ name, method, path, body }) => [name, method, path, body] as const);
  };

  it('sends the file first, then variables and files together, then overrides', () => {
    const writes = writesOf(['another override', 'content of a secret file', 'env', 'image']);
    expect(writes.map((write) => write.slice(0, 3))).toEqual([
      ['yaml', 'PATCH', ''],
      ['env, secretFiles', 'POST', '/secrets'],
      ['override new', 'POST', '/overrides'],
    ]);
    expect(writes[0]?.[3]).toEqual({
      name: 'shop',
      image: 'ghcr.io/acme/shop:2',
      resourceRequirementClassId: 'app.sl1.small',
      servicePortMappings: expect.any(Array),
      healthCheck: 'standard',
      healthCheckPort: 8080,
      healthCheckPath: '/up',
      metricsPort: 9090,
      metricsPath: '/metrics',
      deploymentStrategy: 'recreate',
      nodeAffinityTags: ['ssd', 'zone:a'],
      buildArgs: { A: '1' },
      requires: { db: { type: 'postgresql', id: 'p7x2m', env: { url: 'DATABASE_URL' } } },
    });
  });

  it('sends one kind alone to its own path, and an empty one where it may be empty', () => {
    const all = { LOG_LEVEL: 'debug', MODE: 'fast', NEW: '' };
    expect(writesOf(['env'])).toEqual([['env', 'POST', '/env-vars', { envVars: all }]]);
    expect(writesOf(['empty env'])).toEqual([['env', 'POST', '/secrets', { envVars: {} }]]);
    expect(writesOf(['secretEnv'])).toEqual([
      ['secretEnv', 'POST', '/secret-env-vars', { envVars: { API_KEY: 'changed', OTHER: 'two' }, allowDrop: true }],
    ]);
    expect(writesOf(['no secret files'])).toEqual([['secretFiles', 'POST', '/secret-files', { remove: ['ca.pem'] }]]);
    expect(writesOf(['no overrides'])).toEqual([['override probe', 'DELETE', '/overrides/o-0', undefined]]);
  });

  it.each<[string, (files: AppOnDisk) => AppOnDisk, RegExp]>([
    [
      'a link without an id',
      editFile(() => ({ requires: { db: { type: 'postgresql' } } })),
      /^requires\.db\.id is missing/,
    ],
    [
      'a missing override',
      ({ contents: _, ...files }) => ({ ...files, contents: {} }),
      /probe\.yaml, which does not exist/,
    ],
    [
      'a missing secret file',
      editFile(() => ({ secretFiles: [{ local: 'key.pem' }] })),
      /key\.pem, which does not exist/,
    ],
    ['a variable of two kinds', (files) => ({ ...files, env: { API_KEY: 'x' } }), /^env\.API_KEY is also in the file/],
    [
      'a variable of a link',
      (files) => ({ ...files, env: { DATABASE_URL: 'x' } }),
      /^env\.DATABASE_URL is set by a link/,
    ],
  ])('is refused for %s', (_, edit, message) => {
    const server = new AppModel();
    expect(() => plan(edit(pull(server)), server)).toThrow(message);
  });

  it('counts as removals only what goes', () => {
    const server = new AppModel();
    const names = ['no requires', 'no overrides', 'empty env', 'no metrics'];
    const edited = names.reduce((files, name) => edits[name]?.(files) ?? files, pull(server));
    expect(plan(edited, server).removals.map(({ field }) => field)).toEqual([
      'requires',
      'env LOG_LEVEL',
      'env MODE',
      probe,
    ]);
  });
});
