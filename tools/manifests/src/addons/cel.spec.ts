import { describe, expect, it } from '@jest/globals';
import { CelExpression, literal } from './cel.js';

describe('a literal of CEL', () => {
  it.each<[unknown, string]>([
    ['a', "'a'"],
    [`it's a \\ and a\nline`, String.raw`'it\'s a \\ and a\nline'`],
    [443, '443'],
    [true, 'true'],
    [{}, '{}'],
    [['a', 'b'], "['a', 'b']"],
    [[1, 'b'], "[dyn(1), dyn('b')]"],
    [{ a: 'x', b: new CelExpression("registry + '/y'") }, "{'a': 'x', 'b': registry + '/y'}"],
    [{ a: 'x', b: [{ c: 1 }] }, "{'a': dyn('x'), 'b': dyn([dyn({'c': dyn(1)})])}"],
  ])('of %j is %s', (value, expected) => {
    expect(literal(value)).toBe(expected);
  });

  it('has a line for each item of a long list', () => {
    expect(literal(['a'.repeat(60), 'b'.repeat(60)])).toBe(`[\n'${'a'.repeat(60)}',\n'${'b'.repeat(60)}'\n]`);
  });

  it.each([null, undefined, 0.5])('is not made of %s', (value) => {
    expect(() => literal([value])).toThrow('not a literal');
  });
});
