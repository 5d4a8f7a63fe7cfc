import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { hourMs } from '@runos/kernel';
import { RateLimiter } from './rate-limiter.js';

describe('a rate limit', () => {
  it('of one caller is not forgotten when many others call', async () => {
    const limiter = new RateLimiter({ calls: 2, periodSeconds: 60, burst: 3 });
    for (let n = 0; n < 5; n += 1) expect(await limiter.allows('busy')).toBe(true);
    expect(await limiter.allows('busy')).toBe(false);
    for (let n = 0; n < 50_000; n += 1) await limiter.allows(`other-${n}`);
    expect(await limiter.allows('busy')).toBe(false);
    expect(await limiter.retryAfterMs('busy')).toBeGreaterThan(30_000);
    expect(await limiter.allows('other-0')).toBe(true);
  });

  it('keeps a caller waiting for no longer than its period when the clock is set back', async () => {
    const limiter = new RateLimiter({ calls: 1, periodSeconds: 0.5, burst: 1 });
    for (let n = 0; n < 2; n += 1) expect(await limiter.allows('caller')).toBe(true);
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - hourMs);
    try {
      const waitMs = await limiter.retryAfterMs('caller');
      expect(waitMs).toBe(500);
      await sleep(waitMs);
      expect(await limiter.allows('caller')).toBe(true);
    } finally {
      now.mockRestore();
    }
  });
});
