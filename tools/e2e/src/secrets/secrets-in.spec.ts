import { describe, expect, it } from '@jest/globals';
import { secretsIn } from './search.js';

const secret = { name: 'a password', value: 'LcycpZtVFKrBl0UkkPswwNRQ' };
const token = `runos_ses_0123456789ab.${'x'.repeat(43)}`;
const key = `-----BEGIN PRIVATE KEY-----\n${'M'.repeat(64)}\n-----END PRIVATE KEY-----`;

describe('a secret in a text', () => {
  it.each([0, 1, 2])('is found as it is and as base64 that begins %i bytes before it', (offset) => {
    const text = `${'y'.repeat(offset)}${secret.value}, and more`;
    expect(secretsIn(text, [secret])).toEqual(['a password']);
    expect(secretsIn(Buffer.from(text).toString('base64'), [secret])).toEqual(['a password']);
    expect(secretsIn(Buffer.from(text).toString('hex'), [secret])).toEqual(['a password']);
    expect(secretsIn(Buffer.from(`${text.slice(0, offset)}${token}`).toString('base64'), [])).toEqual([
      'some token, in base64',
    ]);
    expect(secretsIn(Buffer.from(`${text.slice(0, offset)}${key}`).toString('base64'), [])).toEqual([
      'some private key, in base64',
    ]);
  });

  it('is found by its form when it is unknown, and by its name when it is known', () => {
    expect(secretsIn(`Bearer ${token}`, [])).toEqual(['some token']);
    expect(secretsIn(`Bearer ${token}`, [{ name: 'a session', value: token }])).toEqual(['a session']);
    expect(secretsIn(key.replace('PRIVATE', 'EC PRIVATE'), [])).toEqual(['some private key']);
  });

  it('is not found in other texts', () => {
    const harmless = ['runos_pat is how it begins', '-----BEGIN CERTIFICATE-----', 'nothing', secret.value.slice(1)];
    for (const text of harmless) {
      expect([text, secretsIn(text, [secret])]).toEqual([text, []]);
      expect([text, secretsIn(Buffer.from(text).toString('base64'), [secret])]).toEqual([text, []]);
    }
  });
});
