import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import { canonicalJson } from './canonical-json.js';

const reference = canonicalize as unknown as (value: unknown) => string | undefined;

describe('canonical JSON', () => {
  it.each<[string, unknown]>([
    ['nested keys', { b: [{ z: 1, a: { d: null, c: true } }], a: 'x' }],
    ['keys beyond the basic plane and its end', { '\u{1F600}': 1, '\uFFFD': 2, é: 3, e: 4, '': 5 }],
    ['keys that JavaScript sorts by number', { 10: 'a', 9: 'b', data: { 80: 1, 8080: 2, '080': 3 } }],
    ['a key with a meaning of its own', JSON.parse('{"z":1,"__proto__":{"b":1,"a":2},"constructor":3,"toString":4}')],
    ['numbers', [0, -0, 1e21, 1e-7, 333333333.3333333, 4.5, 2 ** 53]],
    ['text that is escaped', ['\u0000\n\r\t"\\/', '\u2028', '\uD800', '\u007f']],
    ['what JSON leaves out', { a: undefined, b: [undefined, 1], c: Symbol('c') }],
    ['dates', { at: new Date(0) }],
    ['nothing', {}],
    ['scalars', 'text'],
  ])('of %s is as RFC 8785 states', (_name, value) => {
    expect(canonicalJson(value)).toBe(reference(value));
  });

  it('refuses what JSON cannot hold', () => {
    for (const value of [undefined, Number.NaN, { a: [Number.POSITIVE_INFINITY] }, 1n]) {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    }
  });
});
