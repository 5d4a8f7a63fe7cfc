import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RateLimiter } from '../grpc/rate-limiter.js';
import { FlowControl } from './flow-control.js';

/** The budgets are of one second, however slow this machine is. */
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('a stream', () => {
  it('pauses when its sender has used up its budget of bytes, and goes on later', async () => {
    const source = { pause: jest.fn(), resume: jest.fn() };
    const messages = new RateLimiter({ calls: 500, periodSeconds: 1, burst: 500 });
    const bytes = new RateLimiter({ calls: 1_000, periodSeconds: 1, burst: 1_000 });
    const flow = new FlowControl(source, { messages, bytes }, 'abcde/ky3');
    for (let n = 0; n < 4; n += 1) {
      flow.begin(500);
      flow.end();
    }
    await jest.advanceTimersByTimeAsync(10);
    expect(source.pause).not.toHaveBeenCalled();
    flow.begin(500);
    flow.end();
    await jest.advanceTimersByTimeAsync(10);
    expect(source.pause).toHaveBeenCalledTimes(1);
    source.resume.mockClear();
    await jest.advanceTimersByTimeAsync(900);
    expect(source.resume).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(300);
    expect(source.resume).toHaveBeenCalledTimes(1);
    flow.stop();
  });
});
