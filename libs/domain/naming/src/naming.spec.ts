import { describe, expect, it } from '@jest/globals';
import { Aid, Cid, InstanceId, Osid, TypeName } from '@runos/osid';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { ClusterDomain, DnsName, Host } from './index.js';

fc.configureGlobal({ seed: propertySeed() });

const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const alphabet = [...letters, ...'0123456789'];
const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
const type = fc
  .tuple(fc.constantFrom(...letters), fc.array(text(1, 7), { minLength: 1, maxLength: 5 }))
  .map(([first, segments]) => first + segments.join('-'))
  .filter(TypeName.is);
const osid = fc.tuple(type, text(5, 5).filter(InstanceId.is)).map(([t, id]) => Osid.print(t, id));
const root = fc
  .array(text(1, 20), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'))
  .filter(DnsName.is);
const domainParts = fc.record({ cid: text(3, 16).filter(Cid.is), aid: text(5, 5).filter(Aid.is), root });
const port = fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 10_000, max: 65_535 }));

describe('cluster domain', () => {
  it('parses what it printed', () => {
    fc.assert(
      fc.property(domainParts, (parts) => expect(ClusterDomain.parse(ClusterDomain.print(parts))).toEqual(parts)),
    );
    expect(ClusterDomain.parse('ky3.rjwrn.example.com')).toEqual({ cid: 'ky3', aid: 'rjwrn', root: 'example.com' });
  });

  it.each(['', 'ky3', 'ky3.rjwrn', 'ky3.rjwr.example.com', 'k.rjwrn.example.com', 'ky3.rjwrn..com', 7])(
    'rejects %j',
    (raw) => expect(ClusterDomain.parse(raw)).toBeUndefined(),
  );

  it('is rejected with its value when the wildcard name is too long', () => {
    const long = DnsName.parse(Array(4).fill('a'.repeat(60)).join('.'))!;
    const parts = { cid: Cid.parse('ky3')!, aid: Aid.parse('rjwrn')!, root: long };
    expect(ClusterDomain.problem(parts)).toMatch(/ky3\.rjwrn.*255 characters.*253/);
    expect(ClusterDomain.problem({ ...parts, root: DnsName.parse('example.com')! })).toBeUndefined();
  });
});

describe('host', () => {
  it('parses what it printed, with and without a port, over the whole grammar', () => {
    fc.assert(
      fc.property(osid, fc.option(port, { nil: undefined }), domainParts, (osid, port, parts) => {
        const host = { osid, ...(port === undefined ? {} : { port }), clusterDomain: ClusterDomain.print(parts) };
        expect(Host.parse(Host.print(host))).toEqual(host);
      }),
      { numRuns: 500 },
    );
  });

  it('parses a five-digit port unambiguously', () => {
    expect(Host.parse('web-3f9k2-10250.ky3.rjwrn.example.com')).toMatchObject({ osid: 'web-3f9k2', port: 10_250 });
    expect(Host.parse('web-10250.ky3.rjwrn.example.com')).toEqual({
      osid: 'web-10250',
      clusterDomain: 'ky3.rjwrn.example.com',
    });
  });

  it.each(['web-3f9k2-0', 'web-3f9k2-08080', 'web-3f9k2-65536', 'web-3f9k2-x', 'web', ''])(
    'rejects label %j',
    (label) => expect(Host.parse(`${label}.ky3.rjwrn.example.com`)).toBeUndefined(),
  );

  it('names every host that is too long, and an invalid port', () => {
    const clusterDomain = ClusterDomain.print({
      cid: Cid.parse('ky3')!,
      aid: Aid.parse('rjwrn')!,
      root: DnsName.parse([57, 57, 56, 56].map((length) => 'a'.repeat(length)).join('.'))!,
    });
    const parts = Osid.parse('web-3f9k2')!;
    expect(Host.problems(parts.osid, [8080, 443], clusterDomain)).toEqual([
      expect.stringMatching(/"web-3f9k2-8080\.ky3.*has 254 characters; at most 253/),
    ]);
    expect(Host.problem({ osid: parts.osid, port: 70_000, clusterDomain })).toMatch(/port 70000/);
    expect(Host.problem({ osid: parts.osid, clusterDomain })).toBeUndefined();
  });
});

describe('DNS name', () => {
  it.each(['example.com', 'localhost', 'a-b.c3', '1.a'])('accepts %s', (raw) =>
    expect(DnsName.problem(raw)).toBeUndefined(),
  );

  it.each([
    ['Example.com', /"Example"/],
    ['a..b', /part ""/],
    ['a.', /part ""/],
    ['-a.b', /"-a"/],
    ['10.0.0.1', /IP address/],
    ['a_b.c', /"a_b"/],
    [`${'a'.repeat(64)}.b`, /64 characters; at most 63/],
    [`${'a.'.repeat(127)}b`, /255 characters; at most 253/],
    [null, /string, got object/],
  ])('rejects %j with the reason', (raw, why) => expect(DnsName.problem(raw)).toMatch(why));
});
