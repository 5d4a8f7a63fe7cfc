import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hourMs } from '@runos/kernel';
import { aid } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness({ writesPerMinute: 2, readsPerMinute: 0 });
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => harness.stop());

describe('rate limits', () => {
  const write = () => harness.send('POST', `/${aid}/ky3/services/valkey`);

  it('rejects excess requests with the limit, its value and Retry-After', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    expect([(await write()).status, (await write()).status]).toEqual([202, 202]);
    const { status, body, headers } = await write();
    expect(status).toBe(429);
    expect(body).toMatchObject({ code: 'limit.exceeded', limit: 'writesPerMinute', value: 2 });
    expect(body['error']).toContain('More than 2 writes');
    expect(headers.get('retry-after')).toBe('60');
  });

  it('names no time beyond the minute when the clock was set back', async () => {
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now - hourMs);
    const { status, headers } = await write();
    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBe(60);
  });

  it('counts reads separately, and not at all with limit 0', async () => {
    for (let read = 0; read < 10; read += 1) expect((await harness.send('GET', `/${aid}/clusters`)).status).toBe(200);
  });

  it('counts log-ins per address, which X-Forwarded-For does not change without a trusted proxy', async () => {
    const logIn = (forwardedFor: string) =>
      harness.send('POST', '/auth/login', {
        headers: { 'x-forwarded-for': forwardedFor },
        body: JSON.stringify({ email: 'a@b.cd', password: 'x' }),
      });
    const statuses = [await logIn('192.0.2.1'), await logIn('192.0.2.2'), await logIn('192.0.2.3')].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([200, 200, 429]);
  });
});
