import { describe, expect, it } from '@jest/globals';
import { seedFrom } from './property-seed.js';

describe('the seed of property tests', () => {
  it('is fixed unless the environment selects one', () => {
    expect([seedFrom(''), seedFrom('')]).toEqual([1, 1]);
    expect(seedFrom('1795897880242')).toBe(1795897880242);
  });

  it('is random on request', () => {
    expect(seedFrom('random')).not.toBe(seedFrom('random'));
  });

  it('is refused when it is no number', () => {
    expect(() => seedFrom('often')).toThrow('RUNOS_TEST_SEED is "often"');
  });
});
