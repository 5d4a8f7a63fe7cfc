import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { aid, principal } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { PrincipalCache } from './principal-cache.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(() => harness.reset());
afterAll(() => harness.stop());

let tokenCount = 0;
/** The header of a token that no other spec uses. */
const newToken = (kind = 'pat') => ({
  headers: { authorization: `Bearer runos_${kind}_${String((tokenCount += 1)).padStart(12, 'k')}.${'s'.repeat(43)}` },
});
const authentications = () => harness.received.filter(({ subject }) => subject === 'identity.v1.authenticate').length;
const authenticateAs = (change: Partial<typeof principal>) =>
  harness.reply('identity.v1.authenticate', () => ({ ...principal, ...change }));

/** Publishes accessChanged and waits until the gateway has received it. */
async function changeAccess(change: { keyIds: string[]; userIds: string[] }): Promise<void> {
  const received = new Promise<void>((resolve) => {
    const unsubscribe = harness.gateway.app.get(PrincipalCache).onChange(() => {
      unsubscribe();
      resolve();
    });
  });
  await harness.service('identity').bus.publish(identity.accessChanged, change);
  await received;
}

describe('authentication', () => {
  it('sends one authentication request per token for concurrent and later requests', async () => {
    const init = newToken();
    await Promise.all(Array.from({ length: 20 }, () => harness.send('GET', '/user/accounts', init)));
    await harness.send('GET', '/user/accounts', init);
    expect(authentications()).toBe(1);
  });

  it.each([
    ['key', { keyIds: [principal.keyId], userIds: [] }],
    ['user', { keyIds: [], userIds: [principal.userId] }],
  ])('authenticates again after a change of the %s', async (_, change) => {
    const init = newToken();
    await harness.send('GET', '/user/accounts', init);
    await changeAccess({ keyIds: ['another'], userIds: ['6f1c9d5e-0000-7000-8000-000000000000'] });
    await harness.send('GET', '/user/accounts', init);
    expect(authentications()).toBe(1);
    await changeAccess(change);
    harness.reply('identity.v1.authenticate', () => {
      throw new Fault('auth.invalid', 'The token was revoked.', {
        reason: 'revoked',
        revokedAt: '2030-01-01T00:00:00.000Z',
      });
    });
    const { status, body } = await harness.send('GET', '/user/accounts', init);
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
    const init = newToken();
    let release = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      harness.reply('identity.v1.authenticate', async () => {
        resolve();
        await new Promise<void>((resolve) => (release = resolve));
        return principal;
      });
    });
    const early = harness.send('GET', '/user/accounts', init);
    await arrived;
    await changeAccess({ keyIds: [principal.keyId], userIds: [] });
    release();
    expect((await early).status).toBe(200);
    authenticateAs({});
    await harness.send('GET', '/user/accounts', init);
    expect(authentications()).toBe(2);
  });

  it('answers an expired session with its own code', async () => {
    harness.reply('identity.v1.authenticate', () => {
      throw new Fault('auth.session_expired', 'The session has expired; log in again.', { reason: 'expired' });
    });
    const { status, body } = await harness.send('GET', '/user/accounts', newToken('ses'));
    expect([status, body['code'], body['reason']]).toEqual([401, 'auth.session_expired', 'expired']);
  });

  it.each(['runos_notify_aaaaaaaaaaaa.sss', 'runos_reg_aaaaaaaaaaaa.sss', 'x', `runos_pat_a.${'s'.repeat(43)}`, 'a b'])(
    'refuses %s without a request to identity',
    async (token) => {
      const { status } = await harness.send('GET', '/user/accounts', { headers: { authorization: `Bearer ${token}` } });
      expect([status, harness.received.length]).toEqual([401, 0]);
    },
  );

  it('accepts no token in the query or the body', async () => {
    const token = newToken().headers.authorization.slice('Bearer '.length);
    const none = { authorization: 'none' };
    expect((await harness.send('GET', `/user/accounts?access_token=${token}`, { headers: none })).status).toBe(401);
    const body = JSON.stringify({ access_token: token });
    expect((await harness.send('POST', '/auth/logout', { headers: none, body })).status).toBe(401);
  });

  it('answers 503 with Retry-After when identity is unavailable', async () => {
    harness.reply('identity.v1.authenticate', () => {
      throw new Fault('unavailable', 'The database is away.', { retryAfterSeconds: 3 });
    });
    const { status, headers } = await harness.send('GET', '/user/accounts', newToken());
    expect([status, headers.get('retry-after')]).toEqual([503, '3']);
  });
});

describe('the order of checks', () => {
  const viewer = () => authenticateAs({ memberships: [{ aid, role: 'viewer' }] });

  it('gives the same response for a foreign account, a missing one and an invalid id', async () => {
    for (const other of ['zzzzz', 'other', 'NOT_AN_AID']) {
      const { status, body } = await harness.send('GET', `/${other}/clusters`);
      expect([status, body['error'], body['code']]).toEqual([
        404,
        `Account '${other}' not found.`,
        'account.not_found',
      ]);
    }
  });

  it('checks account, then path, then level, then input', async () => {
    viewer();
    const init = { ...newToken(), body: '[' };
    expect((await harness.send('POST', '/zzzzz/NO/services/NO', init)).body['code']).toBe('account.not_found');
    expect((await harness.send('POST', `/${aid}/NO/services/NO`, init)).body['code']).toBe('cluster.not_found');
    expect((await harness.send('POST', `/${aid}/ky3/services/NO`, init)).body['code']).toBe('type.not_found');
    expect((await harness.send('POST', `/${aid}/ky3/services/valkey`, init)).body['code']).toBe('auth.forbidden');
    authenticateAs({});
    const member = { ...newToken(), body: '[' };
    expect((await harness.send('POST', `/${aid}/ky3/services/valkey`, member)).body['code']).toBe('request.invalid');
    expect(harness.received.filter(({ subject }) => subject !== 'identity.v1.authenticate')).toEqual([]);
  });

  it('forwards account, actor and role to the service', async () => {
    await harness.send('POST', `/${aid}/ky3/services/valkey`, newToken());
    expect([harness.received[1]?.tenant, harness.received[1]?.actor]).toEqual([
      aid,
      { kind: 'pat', id: principal.keyId, name: 'ci', role: 'owner' },
    ]);
    harness.reset();
    authenticateAs({ kind: 'session' });
    await harness.send('POST', `/${aid}/ky3/services/valkey`, newToken('ses'));
    expect(harness.received[1]?.actor).toEqual({
      kind: 'user',
      id: principal.userId,
      name: principal.email,
      role: 'owner',
    });
  });

  it('names the session that creates a token, so that a session which has ended creates none', async () => {
    const body = JSON.stringify({ name: 'ci' });
    authenticateAs({ kind: 'session' });
    await harness.send('POST', `/${aid}/api-keys`, { ...newToken('ses'), body });
    expect(harness.received[1]?.input['sessionKeyId']).toBe(principal.keyId);
    authenticateAs({});
    await harness.send('POST', `/${aid}/api-keys`, { ...newToken(), body });
    expect(harness.received.at(-1)?.input['sessionKeyId']).toBeUndefined();
  });

  it('lets a member create what may install an add-on, and neither install nor remove one', async () => {
    authenticateAs({ memberships: [{ aid, role: 'member' }] });
    const init = newToken();
    const statusOf = async (method: string, path: string) => (await harness.send(method, path, init)).status;
    expect(await statusOf('POST', `/${aid}/ky3/services/postgresql`)).toBe(202);
    const addon = `/${aid}/clusters/ky3/addons/cloudnative-pg`;
    expect([await statusOf('POST', addon), await statusOf('DELETE', addon)]).toEqual([403, 403]);
    expect(harness.received.map(({ subject }) => subject)).not.toContain('reconciler.v1.addon-install');
  });

  it('authorizes a job by the role in its own account', async () => {
    authenticateAs({
      memberships: [
        { aid: 'own0', role: 'owner' },
        { aid, role: 'viewer' },
      ],
    });
    const init = newToken();
    expect((await harness.send('GET', '/jobs/00000000-0000-7000-8000-000000000001', init)).status).toBe(200);
    expect(harness.received[1]?.input['aids']).toEqual(['own0', aid]);
    const { status, body } = await harness.send('POST', '/jobs/00000000-0000-7000-8000-000000000001/cancel', init);
    expect([status, body['code']]).toEqual([403, 'auth.forbidden']);
    expect(harness.received.map(({ subject }) => subject)).not.toContain('reconciler.v1.job-cancel');
  });
});
