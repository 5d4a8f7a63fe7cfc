import { describe, expect, it } from '@jest/globals';
import { Fault } from '@runos/kernel';
import type { FileIssue } from './manifest-fault.js';
import { readManifest } from './read-manifest.js';

const header = 'app: shop\ndeployType: cli\ncid: lab01\naid: acme1\n';
const appOf = (text: string) => readManifest('runos.yaml', text).file;

function refusal(text: string): { message: string; issues: readonly string[] } {
  try {
    readManifest('runos.yaml', text);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'manifest.invalid') throw error;
    const issues = (error.details.issues ?? []) as readonly FileIssue[];
    return { message: error.message, issues: issues.map(({ path, line, column }) => `${line}:${column} ${path}`) };
  }
  throw new Error('The file was accepted.');
}

describe('a file that nests deep', () => {
  it.each([100, 20_000])('by %i levels is refused with the limit', (levels) => {
    const { message } = refusal(`${header}buildArgs: ${'['.repeat(levels)}${']'.repeat(levels)}\n`);
    expect(message).toBe('runos.yaml:1:1: is no YAML: it nests deeper than 100 levels.');
  });
});

describe('the file of an app', () => {
  it('has the fields that it names, and no others', () => {
    expect(appOf(`${header}replicas: 0\nsecretFiles: []\n`)).toEqual({
      app: 'shop',
      deployType: 'cli',
      cid: 'lab01',
      aid: 'acme1',
      replicas: 0,
      secretFiles: [],
    });
  });

  it('has an image unless the app exists, as files of existing clients', () => {
    const text = 'app: shop\ndeployType: image\ncid: lab01\naid: acme1\n';
    expect(refusal(text).message).toBe('runos.yaml:1:1: image is missing: a new app needs one.');
    expect(appOf(`${text}id: k3v9q\n`)).toMatchObject({ id: 'k3v9q', deployType: 'image' });
  });

  it('may use short forms for its first port', () => {
    const mapping = {
      port: 8080,
      standardHttps: false,
      domains: [{ fqdn: 'a.example', enableCloudflareProxy: false }],
    };
    expect(appOf(`${header}port: 8080\nstandardHttps: false\ndomain: a.example\n`)).toMatchObject({
      servicePortMappings: [mapping],
    });
    expect(appOf(`${header}servicePortMappings: [{port: 8080, domains: [a.example]}]\n`)).toMatchObject({
      servicePortMappings: [{ ...mapping, standardHttps: true }],
    });
  });

  it('may have a byte order mark, CRLF, comments, anchors and merge keys', () => {
    const links =
      'requires:\r\n  a: &a {type: valkey, id: aaaaa}\r\n  b:\r\n    <<: *a # the same type\r\n    id: bbbbb\r\n';
    expect(appOf(`\ufeff${header.replaceAll('\n', '\r\n')}${links}`)).toMatchObject({
      app: 'shop',
      requires: { a: { type: 'valkey', id: 'aaaaa' }, b: { type: 'valkey', id: 'bbbbb' } },
    });
  });

  it.each([
    ['replicas: -1', 'replicas must be 1 to 20 replicas'],
    ['replicas: 21', 'replicas must be 1 to 20 replicas'],
    ['cpuLimitMc: -5', 'cpuLimitMc must be '],
    ['memoryLimitMb: 99999999999', 'memoryLimitMb must be '],
  ])('has numbers within the ranges of the plane: %s', (line, message) => {
    expect(refusal(`${header}${line}\n`)).toMatchObject({ message: expect.stringContaining(message) });
  });

  it('is refused with the place of each issue, in their order', () => {
    const text = `${header}replica: 2\nservicePortMappings:\n  - prot: 8\n    port: 99999\nenvVars: {}\ncpuLimitMc: 1.5\n`;
    const { message, issues } = refusal(text);
    expect(message).toBe('runos.yaml:5:1: replica is unknown: did you mean replicas? (and 4 more).');
    expect(issues).toEqual([
      '5:1 replica',
      '7:5 servicePortMappings[0].prot',
      '8:11 servicePortMappings[0].port',
      '9:1 envVars',
      '10:13 cpuLimitMc',
    ]);
  });
});

describe('the file of a service', () => {
  it('has the fields of its type', () => {
    const { kind, file } = readManifest('f', 'type: postgresql\nid: p7x2m\ncid: lab01\naid: acme1\nversion: "17"\n');
    expect([kind, file]).toEqual([
      'service',
      { type: 'postgresql', id: 'p7x2m', cid: 'lab01', aid: 'acme1', version: '17' },
    ]);
    expect(refusal('type: valkey\ncid: lab01\naid: acme1\nmemoryLimitMB: 3\n').message).toBe(
      'runos.yaml:4:1: memoryLimitMB is unknown: did you mean memoryLimitMb?',
    );
    expect(refusal('type: mongo\n').message).toMatch(
      /^runos.yaml:1:7: type is no service type: choose one of .*valkey/,
    );
  });
});

describe('a file that is none', () => {
  const bomb = `a: &a [${'x,'.repeat(10)}x]\nb: &b [${'*a,'.repeat(10)}*a]\nc: &c [${'*b,'.repeat(10)}*b]\nd: [${'*c,'.repeat(10)}*c]\n`;
  it.each([
    ['without content', '', 1, 'is empty'],
    ['a list', '- a\n', 1, 'must have fields'],
    ['of an unknown kind', 'name: shop\n', 1, 'needs `app` for an app, or `type` for a service'],
    ['with a key twice', `${header}app: other\n`, 5, 'it has the key app twice, first in line 1'],
    [
      'with a key twice in a map',
      `${header}requires:\n  db: {id: a}\n  db: {id: b}\n`,
      7,
      'key db twice, first in line 6',
    ],
    ['with an alias of nothing', `${header}env: *files\n`, 5, 'no value before it has the anchor &files'],
    ['with a tab', 'app: shop\n\tcid: x\n', 2, 'Tabs are not allowed'],
    ['with an open list', 'app: [1\n', 2, 'Flow sequence'],
    ['with two documents', `${header}---\n${header}`, 5, 'second document'],
    ['with a tag', `${header}id: !!binary aGVsbG8=\n`, 5, 'tag'],
    ['that expands', bomb, 1, 'alias'],
    ['longer than 1 MiB', `${header}# ${'x'.repeat(1_048_576)}`, 1, '1048576 are allowed'],
  ])('is refused: %s', (_, text, line, words) => {
    const { message } = refusal(text);
    expect(message).toContain(words);
    expect(message).toMatch(new RegExp(`^runos.yaml:${line}:`));
  });
});
