import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '@runos/config';
import { propertySeed, SeededRandom } from '@runos/testing-basics';
import fc from 'fast-check';
import { z } from 'zod';
import { Keyring, keyringEntry, keyringSettings } from './keyring.js';

fc.configureGlobal({ seed: propertySeed() });

const random = new SeededRandom(propertySeed());
const old = { id: 'k1', key: random.bytes(32) };
const current = { id: 'k2', key: random.bytes(32) };

describe('Keyring', () => {
  it('opens what it sealed, only with the same context', () => {
    const ring = new Keyring([current]);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (text, context, other) => {
        const sealed = ring.seal(text, context);
        expect(ring.unseal(sealed, context)).toBe(text);
        if (other !== context) expect(() => ring.unseal(sealed, other)).toThrow('does not open');
      }),
      { numRuns: 50 },
    );
  });

  it('rejects every changed byte', () => {
    const ring = new Keyring([current]);
    const sealed = ring.seal('secret', 'row/1');
    for (let n = 0; n < sealed.length; n += 1) {
      const changed = sealed.slice(0, n) + (sealed[n] === 'A' ? 'B' : 'A') + sealed.slice(n + 1);
      const same = (a: string) =>
        a
          .split('.')
          .slice(1)
          .map((part) => Buffer.from(part, 'base64url').toString('hex'));
      // The last character of a part may carry bits that mean nothing.
      if (changed.split('.')[0] === 'k2' && String(same(changed)) === String(same(sealed))) continue;
      expect(() => ring.unseal(changed, 'row/1')).toThrow();
    }
  });

  it('opens with an older key, and seals with the newest', () => {
    const sealed = new Keyring([old]).seal('secret', 'row/1');
    const rotated = new Keyring([current, old]);
    expect(rotated.unseal(sealed, 'row/1')).toBe('secret');
    expect(new Keyring([current]).unseal(rotated.seal('secret', 'row/1'), 'row/1')).toBe('secret');
    expect(() => new Keyring([current]).unseal(sealed, 'row/1')).toThrow('sealed with key "k1"');
  });

  it('never produces the same sealed value twice', () => {
    const ring = new Keyring([current]);
    expect(ring.seal('x', 'y')).not.toBe(ring.seal('x', 'y'));
  });

  it('is read from a setting that never shows a key', () => {
    const schema = z.object(keyringSettings);
    const text = [current, old].map(keyringEntry).join(',');
    const { keyring } = loadConfig(schema, { RUNOS_KEYRING: text });
    expect(keyring.unseal(new Keyring([old]).seal('x', 'y'), 'y')).toBe('x');
    for (const wrong of [`k1:${Buffer.from('short').toString('base64')}`, `${text},${keyringEntry(old)}`, 'nonsense']) {
      const load = () => loadConfig(schema, { RUNOS_KEYRING: wrong });
      expect(load).toThrow(ConfigError);
      expect(load).toThrow('RUNOS_KEYRING=(hidden): newest key first');
    }
  });
});
