import { describe, expect, it } from '@jest/globals';
import { doubledKeys } from './doubled-keys.js';

const pathsIn = (json: string): string[] => doubledKeys(json).map(({ path }) => path);

describe('the doubled keys of a JSON text', () => {
  it.each([
    ['{"name":"a","name":"b"}', ['name']],
    ['{"name":"a","n\\u0061me":"b"}', ['name']],
    ['{"a":{"x":1,"y":2,"x":3},"b":[{"z":1},{"z":1,"z":2}]}', ['a.x', 'b[1].z']],
    ['{"a":1,"a":2,"a":3}', ['a', 'a']],
    ['[{"a":1},{"a":1}]', []],
    ['{"a":{"a":{"a":1}},"b":"a","c":"\\"a\\":1,\\"a\\":2"}', []],
    ['{"a":["x","x","a"],"b":{},"c":[],"d":[[],{}]}', []],
    ['{"a\\\\":1,"a":2,"":3}', []],
    ['"a"', []],
    ['{}', []],
    [' { "a" : [ 1 , { "b" : null , "b" : true } ] } ', ['a[1].b']],
  ])('of %s are %j', (json, paths) => {
    expect(pathsIn(json)).toEqual(paths);
  });

  it('are found in a long text without a deep stack', () => {
    const long = JSON.stringify({ a: '\\"'.repeat(200_000), b: Array.from({ length: 50_000 }, (_, n) => ({ n })) });
    expect(pathsIn(long)).toEqual([]);
    expect(pathsIn(`${long.slice(0, -1)},"a":1}`)).toEqual(['a']);
  });
});
