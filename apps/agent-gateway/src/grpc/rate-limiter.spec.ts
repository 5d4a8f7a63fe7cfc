import { describe, expect, it } from '@jest/globals';
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
});
