import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { unavailable } from '@runos/kernel';
import type { Bus, NatsConnector } from '@runos/messaging';
import { principal, token } from '../../test/sample-answers.js';
import { Principals } from './principals.js';

let asked = 0;
let answer: () => Promise<typeof principal>;
let reconnect = (): void => undefined;
const bus = { ask: () => ((asked += 1), answer()) } as unknown as Bus;
const link = { onConnect: (listener: () => void) => void (reconnect = listener) } as unknown as NatsConnector;

beforeEach(() => {
  asked = 0;
  answer = async () => principal;
  jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
  // The cache takes the very first millisecond of a process for "never".
  jest.advanceTimersByTime(1);
});
afterEach(() => {
  jest.useRealTimers();
});

describe('Principals', () => {
  it('believes an answer for half a minute and no longer', async () => {
    const principals = new Principals(bus, link);
    await principals.of(token);
    jest.advanceTimersByTime(29_900);
    await principals.of(token);
    expect(asked).toBe(1);
    jest.advanceTimersByTime(200);
    await principals.of(token);
    expect(asked).toBe(2);
  });

  it('does not believe a token beyond its own end', async () => {
    const principals = new Principals(bus, link);
    answer = async () => ({ ...principal, expiresAt: '2030-01-01T00:00:05.000Z' });
    await principals.of(token);
    jest.advanceTimersByTime(5_001);
    await principals.of(token);
    expect(asked).toBe(2);
  });

  it('believes the database about when that is, whatever the date here', async () => {
    const principals = new Principals(bus, link);
    answer = async () => ({ ...principal, expiresAt: '2029-12-31T23:59:05.000Z', validForMs: 5_000 });
    await principals.of(token);
    jest.advanceTimersByTime(4_900);
    await principals.of(token);
    expect(asked).toBe(1);
    jest.advanceTimersByTime(200);
    await principals.of(token);
    expect(asked).toBe(2);
  });

  it('asks again after NATS was away, for what was said meanwhile was not heard', async () => {
    const principals = new Principals(bus, link);
    await principals.of(token);
    reconnect();
    await principals.of(token);
    expect(asked).toBe(2);
  });

  it('remembers no failure', async () => {
    const principals = new Principals(bus, link);
    answer = () => Promise.reject(unavailable('away'));
    await expect(principals.of(token)).rejects.toThrow('away');
    answer = async () => principal;
    expect(await principals.of(token)).toEqual(principal);
  });
});
