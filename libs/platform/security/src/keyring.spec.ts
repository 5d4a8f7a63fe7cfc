import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '@runos/config';
import fc from 'fast-check';
import { z } from 'zod';
import { keyringEntry, keyringSettings } from './keyring-setting.js';
import { Keyring } from './keyring.js';

const old = { id: 'k1', key: randomBytes(32) };
const fresh = { id: 'k2', key: randomBytes(32) };

describe('Keyring', () => {
  it('opens what it sealed, about the same thing only', () => {
    const ring = new Keyring([fresh]);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (text, about, other) => {
        const sealed = ring.seal(text, about);
        expect(ring.open(sealed, about)).toBe(text);
        if (other !== about) expect(() => ring.open(sealed, other)).toThrow('does not open');
      }),
      { numRuns: 50 },
    );
  });

  it('refuses every changed byte', () => {
    const ring = new Keyring([fresh]);
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
      expect(() => ring.open(changed, 'row/1')).toThrow();
    }
  });

  it('goes on opening with an older key, and moves values to the newest', () => {
    const sealed = new Keyring([old]).seal('secret', 'row/1');
    const rotated = new Keyring([fresh, old]);
    expect(rotated.open(sealed, 'row/1')).toBe('secret');
    const moved = rotated.reseal(sealed, 'row/1');
    expect(moved.startsWith('k2.')).toBe(true);
    expect(new Keyring([fresh]).open(moved, 'row/1')).toBe('secret');
    expect(rotated.reseal(moved, 'row/1')).toBe(moved);
    expect(() => new Keyring([fresh]).open(sealed, 'row/1')).toThrow('sealed with key "k1"');
  });

  it('never seals the same twice', () => {
    const ring = new Keyring([fresh]);
    expect(ring.seal('x', 'y')).not.toBe(ring.seal('x', 'y'));
  });

  it('comes from a setting that never shows a key', () => {
    const schema = z.object(keyringSettings);
    const text = [fresh, old].map(keyringEntry).join(',');
    const { keyring } = loadConfig(schema, { RUNOS_KEYRING: text });
    expect(keyring.open(new Keyring([old]).seal('x', 'y'), 'y')).toBe('x');
    for (const wrong of [`k1:${Buffer.from('short').toString('base64')}`, `${text},${keyringEntry(old)}`, 'nonsense']) {
      const refused = () => loadConfig(schema, { RUNOS_KEYRING: wrong });
      expect(refused).toThrow(ConfigError);
      expect(refused).toThrow('RUNOS_KEYRING=(hidden): newest key first');
    }
  });
});
