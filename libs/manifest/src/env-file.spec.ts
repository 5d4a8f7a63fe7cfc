import { expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { parseEnvFile, printEnvFile } from './env-file.js';

fc.configureGlobal({ seed: propertySeed() });

it('is written sorted and in double quotes', () => {
  expect(printEnvFile({ B: 'a "b" \\ \n\r\tü', A: '' })).toBe('A=""\nB="a \\"b\\" \\\\ \\n\\r\\tü"\n');
});

it('is read in all forms', () => {
  const text = '\ufeff# comment\r\n\r\nA=1  \r\n B = \'x #y\' # why\nC="a\nb\\z"\nexport D=\nE=a#b c\nF.x-y="é"';
  expect(parseEnvFile('x.env', text)).toEqual({ A: '1', B: 'x #y', C: 'a\nb\\z', D: '', E: 'a#b c', 'F.x-y': 'é' });
});

it('is read back as what was written', () => {
  const name = fc.stringMatching(/^[A-Za-z_][\w.-]{0,9}$/);
  const value = fc.string({ unit: fc.constantFrom(...'ab\\"\'=# \n\r\tü😀$'.split('')) });
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (variables) => {
      expect(parseEnvFile('x.env', printEnvFile(variables))).toEqual(variables);
    }),
  );
});

it.each([
  ['A', 'x.env:1:1: is no line NAME=value.'],
  ['# c\n1A=s3cret', 'x.env:2:1: 1A is no name of a variable.'],
  ['A=1\nA=s3cret', 'x.env:2:1: A is set twice.'],
  ['A="s3cret', 'x.env:1:1: A has a quoted value that does not end, or text after its end.'],
  ["A='s3cret' b", 'x.env:1:1: A has a quoted value that does not end, or text after its end.'],
  ['A=s3\u0000cret', 'x.env:1:1: A has a control character.'],
])('is refused with its place and without a value: %j', (text, message) => {
  expect(() => parseEnvFile('x.env', text)).toThrow(message);
});
