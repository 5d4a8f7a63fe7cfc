import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from './seeded-random.js';

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
