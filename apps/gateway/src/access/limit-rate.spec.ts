import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aid } from '../../test/sample-answers.js';
import { type SpecPlane, specPlane } from '../../test/spec-plane.js';

let plane: SpecPlane;
beforeAll(async () => {
  plane = await specPlane({ writesPerMinute: 2, readsPerMinute: 0 });
});
afterAll(() => plane.stop());

describe('rate limits', () => {
  const write = () => plane.send('POST', `/${aid}/ky3/services/valkey`);

  it('refuses what is too much with the limit, its value and when to come again', async () => {
    expect([(await write()).status, (await write()).status]).toEqual([202, 202]);
    const { status, body, headers } = await write();
    expect(status).toBe(429);
    expect(body).toMatchObject({ code: 'limit.exceeded', limit: 'writesPerMinute', value: 2 });
    expect(body['error']).toContain('More than 2 writes');
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it('counts reads apart, and not at all when their limit is 0', async () => {
    for (let read = 0; read < 10; read += 1) expect((await plane.send('GET', `/${aid}/clusters`)).status).toBe(200);
  });

  it('counts log-ins, which need no token, per address', async () => {
    const logIn = () => plane.send('POST', '/auth/login', { body: JSON.stringify({ email: 'a@b.cd', password: 'x' }) });
    const statuses = [await logIn(), await logIn(), await logIn()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});
