import { expect, describe, it, jest } from '@jest/globals';
import * as argon2 from '@node-rs/argon2';

const verified: string[] = [];
jest.unstable_mockModule('@node-rs/argon2', () => ({
  ...argon2,
  verify: (hashed: string, password: string) => {
    verified.push(hashed);
    return argon2.verify(hashed, password);
  },
}));
const { generatePassword, hashPassword, passwordMatches } = await import('./password.js');

const argon2id = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

describe('passwords', () => {
  it('match their own argon2id hash only', async () => {
    const stored = await hashPassword('correct horse');
    expect(stored).toMatch(argon2id);
    expect(await passwordMatches('correct horse', stored)).toBe(true);
    expect(await passwordMatches('battery staple', stored)).toBe(false);
    expect(await hashPassword('correct horse')).not.toBe(stored);
  });

  it('cost as much for a user who does not exist: one comparison with a hash of the same cost', async () => {
    const stored = await hashPassword('x');
    verified.length = 0;
    expect(await passwordMatches('x', undefined)).toBe(false);
    expect(await passwordMatches('x', stored)).toBe(true);
    expect(verified).toEqual([expect.stringMatching(argon2id), stored]);
  });

  it('are generated readable and never twice', () => {
    const made = new Set(Array.from({ length: 100 }, () => generatePassword()));
    expect(made.size).toBe(100);
    for (const password of made) expect(password).toMatch(/^[a-zA-Z2-9]{20}$/);
  });
});
