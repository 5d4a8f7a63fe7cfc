import { describe, expect, it } from '@jest/globals';
import { SeededRandom, seedFrom } from './seeded-random.js';

describe('SeededRandom', () => {
  it('repeats itself for one seed and differs for another', () => {
    expect(new SeededRandom(7).bytes(64)).toEqual(new SeededRandom(7).bytes(64));
    expect(new SeededRandom(7).bytes(64)).not.toEqual(new SeededRandom(8).bytes(64));
  });

  it('continues its sequence, and draws every byte', () => {
    const random = new SeededRandom();
    const drawn = new Set<number>();
    for (let round = 0; round < 64; round += 1) for (const byte of random.bytes(64)) drawn.add(byte);
    expect(drawn.size).toBe(256);
  });
});

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
