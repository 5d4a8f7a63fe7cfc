import { describe, expect, it } from '@jest/globals';
import { jsonMerge } from './json-merge.js';

/** The test cases of RFC 7386, appendix A, whose originals and patches are objects. */
const cases = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
] as const;

describe('a JSON merge patch', () => {
  it.each(cases)('of %j by %j gives %j', (original, patch, expected) => {
    expect(jsonMerge(original, patch)).toEqual(expected);
  });

  it('keeps a key that is a name in JavaScript', () => {
    const patch = JSON.parse('{"__proto__":{"a":1}}') as Record<string, unknown>;
    expect(JSON.stringify(jsonMerge({}, patch))).toBe('{"__proto__":{"a":1}}');
  });
});
