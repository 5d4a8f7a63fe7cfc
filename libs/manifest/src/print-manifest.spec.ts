import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { parse } from 'yaml';
import { canonicalYaml, type YamlMap } from './canonical-yaml.js';
import { printAppFile, printServiceFile } from './print-manifest.js';
import { readManifest } from './read-manifest.js';

fc.configureGlobal({ seed: propertySeed() });

const appFile = `app: shop
deployType: cli
id: k3v9q
cid: lab01
aid: acme1
secretEnv: .runos.lab01.k3v9q.env
env: runos.lab01.k3v9q.config.env
resourceRequirementClassId: app.sl1.beff
cpuRequestMc: 0
servicePortMappings:
    - port: 8080
      standardHttps: true
      domains:
        - fqdn: shop.example.net
          enableCloudflareProxy: true
    - port: 9090
      standardHttps: false
healthCheck: standard
nodeAffinityTags:
    - ssd
    - zone:a
buildArgs:
    A: "1"
    B: x y
secretFiles: []
overrides:
    - id: o1
      enabled: true
      local: overrides/probe.yaml
requires:
    cache:
        id: i7r7v
        type: valkey
    db:
        id: p7x2m
        type: postgresql
        env:
            host: DB_HOST
            url: DATABASE_URL
`;

describe('a file that is written', () => {
  it('has the form of existing clients, for an app', () => {
    const { kind, file } = readManifest('runos.yaml', appFile);
    if (kind !== 'app') throw new Error('It is no app.');
    expect(printAppFile(file)).toBe(appFile);
  });

  it('has the form of existing clients, for a service', () => {
    const text = `type: postgresql
id: p7x2m
cid: lab01
aid: acme1
flags: {}
name: shop-db
replicas: 1
resourceRequirementClassId: postgresql.c0.small
storageMb: 10240
version: "17"
`;
    const { kind, file } = readManifest('runos.service.yaml', text);
    if (kind !== 'service') throw new Error('It is no service.');
    expect(printServiceFile(file)).toBe(text);
  });

  it('always has port mappings', () => {
    expect(printAppFile({ app: 'a', deployType: 'cli', cid: 'lab01', aid: 'acme1' })).toBe(
      'app: a\ndeployType: cli\ncid: lab01\naid: acme1\nservicePortMappings: []\n',
    );
  });

  it.each([
    ['plain text', 'v: plain text\n'],
    ['yes', 'v: "yes"\n'],
    ['010', 'v: "010"\n'],
    ['1:30', 'v: "1:30"\n'],
    ['1e3', 'v: "1e3"\n'],
    ['2026-11-30', 'v: "2026-11-30"\n'],
    ['', 'v: ""\n'],
    ['a: b', "v: 'a: b'\n"],
    ["it's #1", "v: 'it''s #1'\n"],
    ['#1', "v: '#1'\n"],
    ['- x', "v: '- x'\n"],
    ['-x', 'v: -x\n'],
    ['two\nlines', 'v: |-\n    two\n    lines\n'],
    ['two\nlines\n', 'v: |\n    two\n    lines\n'],
    ['tab\t', 'v: "tab\\t"\n'],
    ['bell\u0007', 'v: "bell\\x07"\n'],
    ['ü 漢 😀', 'v: ü 漢 😀\n'],
  ])('quotes what needs it: %j', (value, text) => expect(canonicalYaml({ v: value })).toBe(text));

  it('is read back as what was written', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab1-:#\'"\\ \n\r\t\u0085ü😀&*!%@`{}[],~?|>='.split('')) });
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(text, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(text, tree, { maxKeys: 4, noNullPrototype: true }), (map) => {
        expect(parse(canonicalYaml(map as YamlMap))).toEqual(map);
      }),
    );
  });
});
