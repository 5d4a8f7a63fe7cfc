import { describe, expect, it } from '@jest/globals';
import { parseOverride } from './index.js';

const parse = (bytes: string | Uint8Array) => parseOverride('tuned', Buffer.from(bytes).toString('base64'));
const refusal = (bytes: string | Uint8Array): unknown => {
  try {
    return parse(bytes);
  } catch (error) {
    return error;
  }
};

describe('the file of an override', () => {
  it('has one or more documents', () => {
    expect(parse('---\nspec: {a: 1}\n---\n\n---\r\nkind: Service\r\nb: &x [é]\r\nc: *x\r\n')).toEqual([
      { spec: { a: 1 } },
      { kind: 'Service', b: ['é'], c: ['é'] },
    ]);
    const deep = `${'['.repeat(99)}${']'.repeat(99)}`;
    expect(JSON.stringify(parse(`a: ${deep}`))).toBe(`[{"a":${deep}}]`);
    expect(parse('a: 2020-01-01\nb: yes\nc: 0o7\nd: .inf\n')).toEqual([{ a: '2020-01-01', b: 'yes', c: 7, d: null }]);
  });

  it.each([
    ['a: [', 'Override "tuned" is no YAML: '],
    ['a: 1\na: 2', 'Map keys must be unique'],
    ['a: !!binary aGk=', 'is no YAML: Unresolved tag'],
    ['a: !ruby/object {}', 'is no YAML: Unresolved tag'],
    ['a: *b', 'is no YAML: Unresolved alias'],
    ['{[a]: b}', 'is no YAML: '],
    ['- a', 'document 1: is no map of fields'],
    ['spec: {}\n---\ntext', 'document 2: is no map of fields'],
    ['', 'has no document'],
    ['# nothing\n---\n', 'has no document'],
    [Uint8Array.from([0x61, 0x3a, 0xff]), 'is no UTF-8 text'],
    [`a: &a [${'x,'.repeat(300)}]\nb: [${'*a,'.repeat(90)}]`, 'characters with its aliases'],
    [`a: &a [x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`, 'alias'],
  ])('is refused for %j', (bytes, message) => {
    expect(refusal(bytes)).toMatchObject({
      code: 'override.invalid',
      details: { issues: [{ path: 'data', message: expect.stringContaining(message) }] },
    });
  });

  it.each([100, 20_000])('is refused by its %i levels', (levels) => {
    const issues = [{ path: 'data', message: 'Override "tuned" is no YAML: it nests deeper than 100 levels' }];
    expect(refusal(`a: ${'['.repeat(levels)}${']'.repeat(levels)}`)).toMatchObject({ details: { issues } });
  });
});
