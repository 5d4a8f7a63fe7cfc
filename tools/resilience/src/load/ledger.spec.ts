import { describe, expect, it } from '@jest/globals';
import { possibleFinalNumbers } from './ledger.js';

describe('the numbers that an instance may end with', () => {
  it('are that of the write that started after the other responses', () => {
    const writes = [
      { cpuLimitMc: 1, from: 0, to: 10 },
      { cpuLimitMc: 2, from: 20, to: 30 },
    ];
    expect(possibleFinalNumbers(writes)).toEqual([2]);
  });

  it('are those of both overlapping writes', () => {
    const writes = [
      { cpuLimitMc: 1, from: 0, to: 10 },
      { cpuLimitMc: 2, from: 20, to: 30 },
      { cpuLimitMc: 3, from: 25, to: 28 },
    ];
    expect(possibleFinalNumbers(writes)).toEqual([2, 3]);
  });
});
