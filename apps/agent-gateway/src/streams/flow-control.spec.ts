import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { RateLimiter } from '../grpc/rate-limiter.js';
import { FlowControl } from './flow-control.js';

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
    await sleep(10);
    expect(source.pause).not.toHaveBeenCalled();
    flow.begin(500);
    flow.end();
    await sleep(10);
    expect(source.pause).toHaveBeenCalledTimes(1);
    source.resume.mockClear();
    await sleep(1_200);
    expect(source.resume).toHaveBeenCalledTimes(1);
    flow.stop();
  });
});
