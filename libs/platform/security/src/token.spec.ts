import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { mintToken, parseToken, secretMatches, type TokenKind } from './token.js';

fc.configureGlobal({ seed: propertySeed() });

const kinds: TokenKind[] = ['pat', 'ses', 'reg', 'notify'];

describe('tokens', () => {
  it('are parsed as they were minted and match their own hash only', () => {
    const minted = kinds.map((kind) => ({ kind, token: mintToken(kind) }));
    for (const { kind, token } of minted) {
      expect(token.value).toMatch(/^runos_[a-z]+_[a-z0-9]{12}\.[A-Za-z0-9_-]{43}$/);
      const parsed = parseToken(token.value);
      expect(parsed).toMatchObject({ kind, keyId: token.keyId });
      const matching = minted.filter((other) => secretMatches(parsed?.secret ?? '', other.token.secretHash));
      expect(matching).toEqual([{ kind, token }]);
    }
  });

  it('store nothing of the secret but its hash', () => {
    const { value, keyId, secretHash } = mintToken('pat');
    const secret = parseToken(value)?.secret ?? '';
    expect(secretHash).toMatch(/^[0-9a-f]{64}$/);
    expect(secretHash + keyId).not.toContain(secret);
  });

  it('match nothing for an unknown key or a broken hash', () => {
    const secret = parseToken(mintToken('pat').value)?.secret ?? '';
    for (const stored of [undefined, '', 'zz', '00'.repeat(32), '00'.repeat(31)]) {
      expect(secretMatches(secret, stored)).toBe(false);
    }
  });

  it('reject every other form', () => {
    const { value } = mintToken('pat');
    const broken = [
      value.slice(1),
      `${value}x`,
      ` ${value}`,
      `${value}\n`,
      value.toUpperCase(),
      value.replace('pat', 'x'),
    ];
    for (const text of broken) expect(parseToken(text)).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => parseToken(text) === undefined));
  });
});
