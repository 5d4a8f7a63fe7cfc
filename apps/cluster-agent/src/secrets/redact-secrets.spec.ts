import { describe, expect, it } from '@jest/globals';
import { redactSecrets } from './redact-secrets.js';

const metadata = { name: 'one' };
const secretOf = (values: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata,
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});
const pem = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n';
const redact = redactSecrets([
  secretOf({
    password: 'hunter2-hunter2',
    short: 'tea-pot',
    longer: 'hunter2-hunter2-and-more',
    quoted: 'say "please"',
    url: 'postgres://app:p%40ss-word-1@db.svc:5432/app',
    'key.pem': pem,
  }),
  { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token: 'plain-token-1' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { mode: 'production' } },
]);

describe('a text without the values of Secrets', () => {
  it.each([
    ['a value', 'login with hunter2-hunter2 refused', 'login with [redacted] refused'],
    ['the longer of two values', 'hunter2-hunter2-and-more', '[redacted]'],
    ['base64', `got ${Buffer.from('hunter2-hunter2').toString('base64')}`, 'got [redacted]'],
    ['a JSON string', '{"given":"say \\"please\\""}', '{"given":"[redacted]"}'],
    ['a part of a URL', 'GET /?q=say%20%22please%22', 'GET /?q=[redacted]'],
    [
      'a password of a URL',
      'FATAL: p@ss-word-1 is wrong, or p%40ss-word-1',
      'FATAL: [redacted] is wrong, or [redacted]',
    ],
    ['a line of a file', 'read MIIEvQIBADANBgkq', 'read [redacted]'],
    ['plain data', 'plain-token-1', '[redacted]'],
  ])('lacks %s', (_, text, expected) => expect(redact(text)).toBe(expected));

  it('keeps short values, and those of other objects', () => {
    expect(redact('a tea-pot in production')).toBe('a tea-pot in production');
  });
});
