import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RateLimiter } from '../grpc/rate-limiter.js';
import { FlowControl } from './flow-control.js';
import { MessagesInFlight } from './messages-in-flight.js';

/** The budgets are of one second, however slow this machine is. */
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('a stream', () => {
  it('pauses when its sender has used up its budget of bytes, and goes on later', async () => {
    const source = { pause: jest.fn(), resume: jest.fn() };
    const messages = new RateLimiter({ calls: 500, periodSeconds: 1, burst: 500 });
    const bytes = new RateLimiter({ calls: 1_000, periodSeconds: 1, burst: 1_000 });
    const flow = new FlowControl(source, { messages, bytes, inFlight: new MessagesInFlight() }, 'abcde/ky3');
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

describe('the streams of one agent', () => {
  const rate = () => new RateLimiter({ calls: 10_000, periodSeconds: 1, burst: 10_000 });
  const budget = { messages: rate(), bytes: rate(), inFlight: new MessagesInFlight() };
  /** A stream that has as many messages as are read. */
  const open = (key: string) => {
    const stream = { isPaused: false, pause: () => (stream.isPaused = true), resume: () => (stream.isPaused = false) };
    const flow = new FlowControl(stream, budget, key);
    let read = 0;
    const readAll = (): number => {
      for (; !stream.isPaused && read < 1_000; read += 1) flow.begin(1);
      return read;
    };
    return { flow, readAll };
  };

  it('read 64 unhandled messages together, also if it has closed those before and dialled again', () => {
    const [first, second] = [open('abcde/ky3/'), open('abcde/ky3/')];
    expect([first.readAll(), second.readAll()]).toEqual([64, 0]);
    first.flow.stop();
    const again = Array.from({ length: 5 }, () => open('abcde/ky3/'));
    expect(again.map((each) => each.readAll())).toEqual([0, 0, 0, 0, 0]);
    expect(open('abcde/ky3/n1').readAll()).toBe(64);
    first.flow.end();
    expect([second, ...again].map((each) => each.readAll())).toEqual([1, 0, 0, 0, 0, 0]);
    for (let n = 0; n < 63; n += 1) first.flow.end();
    expect([second, ...again].map((each) => each.readAll())).toEqual([64, 0, 0, 0, 0, 0]);
  });
});
