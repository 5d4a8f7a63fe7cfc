import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { aid, principal } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { PrincipalCache } from './principal-cache.js';

let plane: GatewayHarness;
beforeAll(async () => {
  plane = await startHarness();
});
beforeEach(() => plane.reset());
afterAll(() => plane.stop());

let made = 0;
/** A token that no spec has used before, as its header. */
const fresh = (kind = 'pat') => ({
  headers: { authorization: `Bearer runos_${kind}_${String((made += 1)).padStart(12, 'k')}.${'s'.repeat(43)}` },
});
const authentications = () => plane.received.filter(({ subject }) => subject === 'identity.v1.authenticate').length;
const speaksFor = (change: Partial<typeof principal>) =>
  plane.reply('identity.v1.authenticate', () => ({ ...principal, ...change }));

/** Publishes accessChanged and waits until the gateway has received it. */
async function changeAccess(change: { keyIds: string[]; userIds: string[] }): Promise<void> {
  const received = new Promise<void>((resolve) => {
    const off = plane.gateway.app.get(PrincipalCache).onChange(() => {
      off();
      resolve();
    });
  });
  await plane.service('identity').bus.publish(identity.accessChanged, change);
  await received;
}

describe('authentication', () => {
  it('sends one authentication request per token for concurrent and later requests', async () => {
    const init = fresh();
    await Promise.all(Array.from({ length: 20 }, () => plane.send('GET', '/user/accounts', init)));
    await plane.send('GET', '/user/accounts', init);
    expect(authentications()).toBe(1);
  });

  it.each([
    ['key', { keyIds: [principal.keyId], userIds: [] }],
    ['user', { keyIds: [], userIds: [principal.userId] }],
  ])('asks again at once after a change of the %s', async (_, change) => {
    const init = fresh();
    await plane.send('GET', '/user/accounts', init);
    await changeAccess({ keyIds: ['another'], userIds: ['6f1c9d5e-0000-7000-8000-000000000000'] });
    await plane.send('GET', '/user/accounts', init);
    expect(authentications()).toBe(1);
    await changeAccess(change);
    plane.reply('identity.v1.authenticate', () => {
      throw new Fault('auth.invalid', 'The token was revoked.', {
        reason: 'revoked',
        revokedAt: '2030-01-01T00:00:00.000Z',
      });
    });
    const { status, body } = await plane.send('GET', '/user/accounts', init);
    expect([status, body]).toEqual([
      401,
      {
        error: 'Invalid token',
        code: 'auth.invalid',
        reason: 'revoked',
        revokedAt: '2030-01-01T00:00:00.000Z',
        traceId: expect.any(String),
      },
    ]);
  });

  it('does not cache a reply that may be older than a change', async () => {
    const init = fresh();
    let release = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      plane.reply('identity.v1.authenticate', async () => {
        resolve();
        await new Promise<void>((resolve) => (release = resolve));
        return principal;
      });
    });
    const early = plane.send('GET', '/user/accounts', init);
    await arrived;
    await changeAccess({ keyIds: [principal.keyId], userIds: [] });
    release();
    expect((await early).status).toBe(200);
    speaksFor({});
    await plane.send('GET', '/user/accounts', init);
    expect(authentications()).toBe(2);
  });

  it('answers an expired session with its own code', async () => {
    plane.reply('identity.v1.authenticate', () => {
      throw new Fault('auth.session_expired', 'The session has expired; log in again.', { reason: 'expired' });
    });
    const { status, body } = await plane.send('GET', '/user/accounts', fresh('ses'));
    expect([status, body['code'], body['reason']]).toEqual([401, 'auth.session_expired', 'expired']);
  });

  it.each(['runos_notify_aaaaaaaaaaaa.sss', 'runos_reg_aaaaaaaaaaaa.sss', 'x', `runos_pat_a.${'s'.repeat(43)}`, 'a b'])(
    'refuses %s without asking anybody',
    async (token) => {
      const { status } = await plane.send('GET', '/user/accounts', { headers: { authorization: `Bearer ${token}` } });
      expect([status, plane.received.length]).toEqual([401, 0]);
    },
  );

  it('accepts no token in the query or the body', async () => {
    const token = fresh().headers.authorization.slice('Bearer '.length);
    const none = { authorization: 'none' };
    expect((await plane.send('GET', `/user/accounts?access_token=${token}`, { headers: none })).status).toBe(401);
    const body = JSON.stringify({ access_token: token });
    expect((await plane.send('POST', '/auth/logout', { headers: none, body })).status).toBe(401);
  });

  it('answers 503 with Retry-After when identity is unavailable', async () => {
    plane.reply('identity.v1.authenticate', () => {
      throw new Fault('unavailable', 'The database is away.', { retryAfterSeconds: 3 });
    });
    const { status, headers } = await plane.send('GET', '/user/accounts', fresh());
    expect([status, headers.get('retry-after')]).toEqual([503, '3']);
  });
});

describe('the order of checks', () => {
  const viewer = () => speaksFor({ memberships: [{ aid, role: 'viewer' }] });

  it('gives the same response for a foreign account, a missing one and an invalid id', async () => {
    for (const other of ['zzzzz', 'other', 'NOT_AN_AID']) {
      const { status, body } = await plane.send('GET', `/${other}/clusters`);
      expect([status, body['error'], body['code']]).toEqual([
        404,
        `Account '${other}' not found.`,
        'account.not_found',
      ]);
    }
  });

  it('checks account, then path, then level, then input', async () => {
    viewer();
    const init = { ...fresh(), body: '[' };
    expect((await plane.send('POST', '/zzzzz/NO/services/NO', init)).body['code']).toBe('account.not_found');
    expect((await plane.send('POST', `/${aid}/NO/services/NO`, init)).body['code']).toBe('cluster.not_found');
    expect((await plane.send('POST', `/${aid}/ky3/services/NO`, init)).body['code']).toBe('type.not_found');
    expect((await plane.send('POST', `/${aid}/ky3/services/valkey`, init)).body['code']).toBe('auth.forbidden');
    speaksFor({});
    const member = { ...fresh(), body: '[' };
    expect((await plane.send('POST', `/${aid}/ky3/services/valkey`, member)).body['code']).toBe('request.invalid');
    expect(plane.received.filter(({ subject }) => subject !== 'identity.v1.authenticate')).toEqual([]);
  });

  it('forwards account, actor and role to the service', async () => {
    await plane.send('POST', `/${aid}/ky3/services/valkey`, fresh());
    expect([plane.received[1]?.tenant, plane.received[1]?.actor]).toEqual([
      aid,
      { kind: 'pat', id: principal.keyId, name: 'ci', role: 'owner' },
    ]);
    plane.reset();
    speaksFor({ kind: 'session' });
    await plane.send('POST', `/${aid}/ky3/services/valkey`, fresh('ses'));
    expect(plane.received[1]?.actor).toEqual({
      kind: 'user',
      id: principal.userId,
      name: principal.email,
      role: 'owner',
    });
  });

  it('authorizes a job by the role in its own account', async () => {
    speaksFor({
      memberships: [
        { aid: 'mine0', role: 'owner' },
        { aid, role: 'viewer' },
      ],
    });
    const init = fresh();
    expect((await plane.send('GET', '/jobs/00000000-0000-7000-8000-000000000001', init)).status).toBe(200);
    expect(plane.received[1]?.input['aids']).toEqual(['mine0', aid]);
    const { status, body } = await plane.send('POST', '/jobs/00000000-0000-7000-8000-000000000001/cancel', init);
    expect([status, body['code']]).toEqual([403, 'auth.forbidden']);
    expect(plane.received.map(({ subject }) => subject)).not.toContain('reconciler.v1.job-cancel');
  });
});
