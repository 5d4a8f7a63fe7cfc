import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { unavailable } from '@runos/kernel';
import type { Bus, NatsConnector } from '@runos/messaging';
import { principal, token } from '../../test/sample-replies.js';
import type { GatewayConfig } from '../config.js';
import { FailedAuthentications } from './failed-authentications.js';
import { PrincipalCache } from './principal-cache.js';

let requests = 0;
let reply: () => Promise<typeof principal>;
let reconnect = (): void => undefined;
const bus = { request: () => ((requests += 1), reply()) } as unknown as Bus;
const link = { onConnect: (listener: () => void) => void (reconnect = listener) } as unknown as NatsConnector;
const newCache = () =>
  new PrincipalCache(bus, link, new FailedAuthentications({ failedAuthenticationsPerMinute: 60 } as GatewayConfig));

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
    const principals = newCache();
    await principals.authenticate(token, '192.0.2.1');
    jest.advanceTimersByTime(29_900);
    await principals.authenticate(token, '192.0.2.1');
    expect(requests).toBe(1);
    jest.advanceTimersByTime(200);
    await principals.authenticate(token, '192.0.2.1');
    expect(requests).toBe(2);
  });

  it('does not use a token after its expiry', async () => {
    const principals = newCache();
    reply = async () => ({ ...principal, expiresAt: '2030-01-01T00:00:05.000Z' });
    await principals.authenticate(token, '192.0.2.1');
    jest.advanceTimersByTime(5_001);
    await principals.authenticate(token, '192.0.2.1');
    expect(requests).toBe(2);
  });

  it("uses the database's remaining validity, not the local date", async () => {
    const principals = newCache();
    reply = async () => ({ ...principal, expiresAt: '2029-12-31T23:59:05.000Z', validForMs: 5_000 });
    await principals.authenticate(token, '192.0.2.1');
    jest.advanceTimersByTime(4_900);
    await principals.authenticate(token, '192.0.2.1');
    expect(requests).toBe(1);
    jest.advanceTimersByTime(200);
    await principals.authenticate(token, '192.0.2.1');
    expect(requests).toBe(2);
  });

  it('authenticates again after a reconnect, because events may be lost', async () => {
    const principals = newCache();
    await principals.authenticate(token, '192.0.2.1');
    reconnect();
    await principals.authenticate(token, '192.0.2.1');
    expect(requests).toBe(2);
  });

  it('does not cache failures', async () => {
    const principals = newCache();
    reply = () => Promise.reject(unavailable('no reply'));
    await expect(principals.authenticate(token, '192.0.2.1')).rejects.toThrow('no reply');
    reply = async () => principal;
    expect(await principals.authenticate(token, '192.0.2.1')).toEqual(principal);
  });
});
