import { describe, expect, it } from '@jest/globals';
import { generatePassword, hashPassword, passwordMatches } from './password.js';

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  for (let n = 0; n < 5; n += 1) await work();
  return performance.now() - started;
};

describe('passwords', () => {
  it('match their own argon2id hash only', async () => {
    const stored = await hashPassword('correct horse');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwordMatches('correct horse', stored)).toBe(true);
    expect(await passwordMatches('battery staple', stored)).toBe(false);
    expect(await hashPassword('correct horse')).not.toBe(stored);
  });

  it('cost as much for a user who does not exist', async () => {
    const stored = await hashPassword('x');
    expect(await passwordMatches('x', undefined)).toBe(false);
    const unknown = await timed(() => passwordMatches('y', undefined));
    const known = await timed(() => passwordMatches('y', stored));
    expect(unknown).toBeGreaterThan(known / 3);
    expect(unknown).toBeLessThan(known * 3);
  });

  it('are generated readable and never twice', () => {
    const made = new Set(Array.from({ length: 100 }, () => generatePassword()));
    expect(made.size).toBe(100);
    for (const password of made) expect(password).toMatch(/^[a-zA-Z2-9]{20}$/);
  });
});
