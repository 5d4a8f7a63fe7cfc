import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { unavailable } from '@runos/kernel';
import type { Bus, NatsConnector } from '@runos/messaging';
import { principal, token } from '../../test/sample-replies.js';
import { PrincipalCache } from './principal-cache.js';

let requests = 0;
let reply: () => Promise<typeof principal>;
let reconnect = (): void => undefined;
const bus = { request: () => ((requests += 1), reply()) } as unknown as Bus;
const link = { onConnect: (listener: () => void) => void (reconnect = listener) } as unknown as NatsConnector;

beforeEach(() => {
  requests = 0;
  reply = async () => principal;
  jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
  // The cache takes the very first millisecond of a process for "never".
  jest.advanceTimersByTime(1);
});
afterEach(() => {
  jest.useRealTimers();
});

describe('PrincipalCache', () => {
  it('caches a reply for 30 s', async () => {
    const principals = new PrincipalCache(bus, link);
    await principals.authenticate(token);
    jest.advanceTimersByTime(29_900);
    await principals.authenticate(token);
    expect(requests).toBe(1);
    jest.advanceTimersByTime(200);
    await principals.authenticate(token);
    expect(requests).toBe(2);
  });

  it('does not use a token after its expiry', async () => {
    const principals = new PrincipalCache(bus, link);
    reply = async () => ({ ...principal, expiresAt: '2030-01-01T00:00:05.000Z' });
    await principals.authenticate(token);
    jest.advanceTimersByTime(5_001);
    await principals.authenticate(token);
    expect(requests).toBe(2);
  });

  it("uses the database's remaining validity, not the local date", async () => {
    const principals = new PrincipalCache(bus, link);
    reply = async () => ({ ...principal, expiresAt: '2029-12-31T23:59:05.000Z', validForMs: 5_000 });
    await principals.authenticate(token);
    jest.advanceTimersByTime(4_900);
    await principals.authenticate(token);
    expect(requests).toBe(1);
    jest.advanceTimersByTime(200);
    await principals.authenticate(token);
    expect(requests).toBe(2);
  });

  it('authenticates again after a reconnect, because events may be lost', async () => {
    const principals = new PrincipalCache(bus, link);
    await principals.authenticate(token);
    reconnect();
    await principals.authenticate(token);
    expect(requests).toBe(2);
  });

  it('does not cache failures', async () => {
    const principals = new PrincipalCache(bus, link);
    reply = () => Promise.reject(unavailable('no reply'));
    await expect(principals.authenticate(token)).rejects.toThrow('no reply');
    reply = async () => principal;
    expect(await principals.authenticate(token)).toEqual(principal);
  });
});
