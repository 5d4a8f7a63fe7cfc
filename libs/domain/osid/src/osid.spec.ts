import { describe, expect, it } from '@jest/globals';
import { propertySeed, SeededRandom } from '@runos/testing-basics';
import fc from 'fast-check';
import { Aid, Cid, InstanceId, Nid, Osid, TypeName } from './index.js';

fc.configureGlobal({ seed: propertySeed() });

const random = new SeededRandom(propertySeed());

const alphabet = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
const typeName = fc
  .tuple(fc.constantFrom(...alphabet.slice(0, 26)), fc.array(text(1, 7), { minLength: 1, maxLength: 5 }))
  .map(([first, segments]) => first + segments.join('-'))
  .filter(TypeName.is);
const id = text(5, 5).filter(InstanceId.is);

describe('OSID', () => {
  it('parses what it printed, over the whole grammar', () => {
    fc.assert(
      fc.property(typeName, id, (type, id) => {
        const osid = Osid.print(type, id);
        expect(Osid.parse(osid)).toEqual({ osid, type, id });
        expect(Osid.idOf(osid, type)).toBe(id);
      }),
    );
  });

  it('is a DNS label', () => {
    fc.assert(
      fc.property(typeName, id, (type, id) => {
        expect(Osid.print(type, id)).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
        expect(Osid.print(type, id).length).toBeLessThanOrEqual(Osid.maxLength);
      }),
    );
  });

  it('never throws, and accepts only what it would print', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string(), text(0, 60)), (raw) => {
        const parts = Osid.parse(raw);
        if (parts) expect(Osid.print(parts.type, parts.id)).toBe(raw);
      }),
    );
  });

  it.each([
    '',
    '-',
    'web',
    '-bcv4l',
    'web-',
    'web-ABCDE',
    'web-bcv4',
    'web-bcv4lx',
    'web--bcv4l',
    '3b-bcv4l',
    'a.b-bcv4l',
    'web-bcv4l\n',
  ])('rejects %j', (raw) => expect(Osid.parse(raw)).toBeUndefined());

  it('accepts the five characters or an OSID of the expected type as an id', () => {
    expect(Osid.idOf('bcv4l', 'postgresql')).toBe('bcv4l');
    expect(Osid.idOf('postgresql-bcv4l', 'postgresql')).toBe('bcv4l');
    expect(Osid.idOf('valkey-bcv4l', 'postgresql')).toBeUndefined();
    expect(Osid.idOf('bcv4', 'postgresql')).toBeUndefined();
  });
});

describe('service type', () => {
  it.each(['postgresql', 'cert-manager', 'mysql', 'a', 'web-1', 'netbird-server', 'x'.repeat(40)])(
    'accepts %s',
    (type) => expect(TypeName.problem(type)).toBeUndefined(),
  );

  it.each([
    ['web-3f9k2', /exactly five/],
    ['Web', /lower-case/],
    ['web-', /lower-case/],
    ['1web', /lower-case/],
    ['', /lower-case/],
    ['x'.repeat(41), /41 characters; at most 40/],
    [7, /string, got number/],
  ])('rejects %j with the reason', (type, why) => expect(TypeName.problem(type)).toMatch(why));
});

describe('minted ids', () => {
  it('match their patterns', () => {
    for (let round = 0; round < 200; round++) {
      expect(Aid.mint(random)).toMatch(/^[a-z0-9]{5}$/);
      expect(Cid.mint(random)).toMatch(/^[a-z0-9]{3}$/);
      expect(Nid.mint(random)).toMatch(/^[a-z0-9]{5}$/);
      expect(Osid.parse(Osid.mint(TypeName.parse('valkey')!, random).osid)?.type).toBe('valkey');
    }
  });

  const scripted = (...draws: string[]) => ({
    bytes: (length: number) =>
      Uint8Array.from((draws.shift() ?? 'aaaaa').padEnd(length, 'a').slice(0, length), (c) => alphabet.indexOf(c)),
  });

  it('are never a reserved word, nor xxxxx for a node', () => {
    expect(Aid.mint(scripted('livez', 'ready'), new Set(['livez']))).toBe('ready');
    expect(Nid.mint(scripted('xxxxx', 'xxxxy'))).toBe('xxxxy');
    expect(Nid.is('xxxxx')).toBe(false);
  });

  it.each(['ab', 'a'.repeat(17), 'AB1', 'a-b', 'abc\n', 3])('reject %j as a cid', (raw) =>
    expect(Cid.parse(raw)).toBeUndefined(),
  );
});
