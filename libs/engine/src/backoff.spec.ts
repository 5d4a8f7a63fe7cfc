import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { exponentialBackoff, fixedDelays } from './backoff.js';

fc.configureGlobal({ seed: propertySeed() });

const always = (byte: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(byte) });

describe('back-off', () => {
  it('doubles from the first delay and stops at the longest', () => {
    const delay = exponentialBackoff({ firstMs: 100, maxMs: 1_000 }, always(0));
    expect([1, 2, 3, 4, 5, 50].map(delay)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('shortens a delay by at most the jitter', () => {
    expect(exponentialBackoff({ firstMs: 100, maxMs: 1_000, jitter: 0.5 }, always(255))(1)).toBe(50);
  });

  it('stays within its bounds after any number of failures', () => {
    const delay = exponentialBackoff({ firstMs: 100, maxMs: 30_000 });
    fc.assert(
      fc.property(fc.nat(), (failures) => {
        expect(delay(failures)).toBeGreaterThanOrEqual(50);
        expect(delay(failures)).toBeLessThanOrEqual(30_000);
      }),
    );
  });

  it('returns the given delays in order and repeats the last', () => {
    expect([1, 2, 3, 9].map(fixedDelays([0, 1_000, 5_000]))).toEqual([0, 1_000, 5_000, 5_000]);
  });
});
