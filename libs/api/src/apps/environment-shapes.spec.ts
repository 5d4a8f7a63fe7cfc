import { describe, expect, it } from '@jest/globals';
import { ChangeSecretFiles, SetVariables } from './environment-shapes.js';

const file = { filename: 'ca.pem', content: 'AAEC' };
const accepts = (over: object): boolean => ChangeSecretFiles.safeParse({ add: [{ ...file, ...over }] }).success;

describe('a secret file', () => {
  it.each(['ca.pem', 'k ä%2F?#.pem', '.hidden', '...'])('may be named %j', (filename) => {
    expect(accepts({ filename })).toBe(true);
  });

  it.each(['', '.', '..', 'a/b', 'a\\b', 'a\nb', 'x'.repeat(254)])('may not be named %j', (filename) => {
    expect(accepts({ filename })).toBe(false);
  });

  it.each(['QR==', 'A', 'AAE', '!'])('has no content %j, which the API server would change or refuse', (content) => {
    expect(accepts({ content })).toBe(false);
  });

  it.each(['/etc/ssl/ca.pem', '/tmp/x', '/run/secrets/own'])('may be at %s', (mountPath) => {
    expect(accepts({ mountPath })).toBe(true);
  });

  it.each(['relative', '/', '/a/', '/a//b', '/a/../b', '/a/./b', '/a:b', '/tmp', '/proc/1', '/sys', '/dev/null'])(
    'may not be at %s',
    (mountPath) => {
      expect(accepts({ mountPath })).toBe(false);
    },
  );
});

describe('variables', () => {
  const accepts = (name: string, value: string) => SetVariables.safeParse({ envVars: { [name]: value } }).success;

  it.each(['A', '_x', 'spring.datasource.url', 'a-b'])('may be named %s', (name) => {
    expect(accepts(name, 'ü\r\n\t"\\')).toBe(true);
  });

  it('have no control character but those that the refusal names', () => {
    const [issue] = SetVariables.safeParse({ envVars: { A: '\b' } }).error?.issues ?? [];
    expect(issue?.message).toBe('must have no control characters but newline, carriage return and tab');
  });

  it.each(['', '1A', 'A B', 'A=B', 'Ä'])('may not be named %j', (name) => {
    expect(accepts(name, '')).toBe(false);
  });

  it.each(['\0', '\x1b[0m', '\x7f'])('have no control characters', (value) => {
    expect(accepts('A', value)).toBe(false);
  });
});
