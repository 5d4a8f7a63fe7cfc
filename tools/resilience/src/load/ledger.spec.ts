import { describe, expect, it } from '@jest/globals';
import { lastOf } from './ledger.js';

describe('the last of several writes', () => {
  it('is the one that began after the others were answered', () => {
    const writes = [
      { cpuLimitMc: 1, from: 0, to: 10 },
      { cpuLimitMc: 2, from: 20, to: 30 },
    ];
    expect(lastOf(writes)).toEqual([2]);
  });

  it('is either of two that overlapped', () => {
    const writes = [
      { cpuLimitMc: 1, from: 0, to: 10 },
      { cpuLimitMc: 2, from: 20, to: 30 },
      { cpuLimitMc: 3, from: 25, to: 28 },
    ];
    expect(lastOf(writes)).toEqual([2, 3]);
  });
});
