import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { actorWith, type IdentityHarness, newEmail, newOwner, startHarness } from './harness.js';

let plane: IdentityHarness;
beforeAll(async () => {
  plane = await startHarness();
});
afterAll(() => plane.stop());

const newAccount = (email = newEmail()) => plane.bus('operator').request(identity.createAccount, { email });
const owner = () => newOwner(plane);

const authenticate = (token: string) => plane.bus('gateway').request(identity.authenticate, { token });
const logIn = (email: string, password: string, address = '127.0.0.1') =>
  plane.bus('gateway').request(identity.logIn, { email, password, address });

describe('accounts', () => {
  it('are created with an owner, who logs in and out', async () => {
    const { aid, email, password } = await newAccount();
    expect(aid).toMatch(/^[a-z0-9]{5}$/);
    const session = await logIn(email.toUpperCase(), String(password));
    expect(session.accounts).toEqual([{ aid, name: email, role: 'owner' }]);
    expect(session.token).toMatch(/^runos_ses_/);
    const principal = await authenticate(session.token);
    expect(principal).toMatchObject({ kind: 'session', email, memberships: [{ aid, role: 'owner' }] });
    const gateway = plane.bus('gateway');
    expect(await gateway.request(identity.logOut, { keyId: principal.keyId })).toEqual({ loggedOut: true });
    await expect(authenticate(session.token)).rejects.toMatchObject({
      code: 'auth.invalid',
      details: { reason: 'revoked' },
    });
  });

  it('are added to an existing user, who keeps their password', async () => {
    const first = await newAccount();
    const second = await newAccount(first.email.toUpperCase());
    expect(second.password).toBeNull();
    const session = await logIn(first.email, String(first.password));
    expect(session.accounts.map(({ aid }) => aid)).toEqual([first.aid, second.aid]);
    const { userId } = await authenticate(second.token);
    const aids = [first.aid, second.aid, 'zzzzz'];
    const { accounts } = await plane.bus('gateway').request(identity.listMemberships, { userId, aids });
    expect(accounts.map(({ aid, isDefault }) => [aid, isDefault])).toEqual([
      [first.aid, true],
      [second.aid, false],
    ]);
  });

  it('created concurrently for one user share that user', async () => {
    const created = await Promise.all([1, 2, 3].map(() => newAccount('twins@example.com')));
    expect(created.filter(({ password }) => password !== null)).toHaveLength(1);
    const [{ count } = { count: -1 }] = await plane.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM person WHERE email = 'twins@example.com'`,
    );
    expect(count).toBe(1);
  });
});

const bodyOf = (thrown: unknown) => {
  if (!(thrown instanceof Fault)) throw thrown;
  return thrown.toBody();
};

describe('log-ins', () => {
  it('fail with the same message for a wrong password and an unknown user', async () => {
    const { email } = await newAccount();
    const faults = await Promise.all(
      [logIn(email, 'wrong', 'a'), logIn('unknown@example.com', 'wrong', 'a')].map((attempt) =>
        attempt.catch((error: unknown) => error),
      ),
    );
    expect(faults.map(bodyOf)).toEqual(
      Array(2).fill({
        code: 'auth.invalid',
        message: 'Invalid token',
        details: { message: 'Wrong e-mail address or password.' },
      }),
    );
  });

  it('are rejected after too many failures from one address, for that user only', async () => {
    const { email, password } = await newAccount();
    const other = await newAccount();
    for (let n = 0; n < 3; n += 1)
      await expect(logIn(email, 'wrong', 'b')).rejects.toMatchObject({ code: 'auth.invalid' });
    await expect(logIn(email, String(password), 'b')).rejects.toMatchObject({
      code: 'limit.exceeded',
      details: { limit: 'failedLogIns', value: 3, retryAfterSeconds: expect.any(Number) },
    });
    expect((await logIn(email, String(password), 'c')).token).toBeDefined();
    expect((await logIn(other.email, String(other.password), 'b')).token).toBeDefined();
  });

  it('expire with their own code', async () => {
    const { email, password } = await newAccount();
    const { token } = await logIn(email, String(password));
    const { keyId } = await authenticate(token);
    await plane.sql(`UPDATE session SET expires_at = now() - interval '1 second' WHERE key_id = $1`, [keyId]);
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'auth.session_expired' });
  });
});

describe('personal access tokens', () => {
  it('are shown once and stored only as a hash', async () => {
    const { aid, email, create } = await owner();
    const created = await create({ role: 'limited' });
    expect(created).toMatchObject({ role: 'viewer', token: expect.stringMatching(/^runos_pat_[a-z0-9]{12}\./) });
    const days = (Date.parse(created.expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(89.9);
    expect(days).toBeLessThan(90.1);
    const shown = await plane.bus('gateway').request(identity.showApiKey, { id: created.id }, { tenant: aid });
    expect(shown).toMatchObject({ id: created.id, name: 'key', role: 'viewer', createdBy: email, revokedAt: null });
    const [row] = await plane.sql<{ text: string }>(
      'SELECT row_to_json(k)::text AS text FROM api_key k WHERE key_id = $1',
      [created.id],
    );
    expect(row?.text).not.toContain(created.token.split('.')[1]);
    expect(await authenticate(created.token)).toMatchObject({
      kind: 'pat',
      name: 'key',
      memberships: [{ aid, role: 'viewer' }],
    });
  });

  it('never exceed the creator’s role and 365 days', async () => {
    const { create } = await owner();
    expect((await create({}, 'viewer')).role).toBe('viewer');
    expect((await create({}, 'admin')).role).toBe('member');
    await expect(create({ role: 'owner' }, 'admin')).rejects.toMatchObject({ code: 'auth.forbidden' });
    for (const expiresAt of [new Date(Date.now() + 366 * 86_400_000), new Date(Date.now() - 1)]) {
      await expect(create({ expiresAt: expiresAt.toISOString() })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'expiresAt' }] },
      });
    }
  });

  it('lose the access that their user loses', async () => {
    const { aid, userId, token } = await owner();
    await plane.sql(`UPDATE membership SET role = 'viewer' WHERE aid = $1 AND user_id = $2`, [aid, userId]);
    expect((await authenticate(token)).memberships).toEqual([{ aid, role: 'viewer' }]);
    await plane.sql('DELETE FROM membership WHERE aid = $1 AND user_id = $2', [aid, userId]);
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'auth.invalid' });
  });

  it('are rejected at once when revoked, with reason and time, and caches are notified', async () => {
    const { create, revoke } = await owner();
    const { id, token } = await create({});
    const connection = await plane.bus('gateway').connector.ready(1_000);
    const changes = connection.subscribe(identity.accessChanged.subject, { max: 1 });
    await connection.flush();
    const { revokedAt } = await revoke(id);
    expect(await revoke(id)).toEqual({ id, revokedAt });
    for await (const message of changes) expect(message.json()).toEqual({ keyIds: [id], userIds: [] });
    await expect(authenticate(token)).rejects.toMatchObject({
      message: 'Invalid token',
      details: { reason: 'revoked', revokedAt },
    });
    const forged = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`;
    await expect(authenticate(forged)).rejects.toMatchObject({ message: 'Invalid token', details: {} });
  });

  it('are rejected with the time of expiry when expired', async () => {
    const { create } = await owner();
    const { id, token } = await create({});
    await plane.sql(`UPDATE api_key SET expires_at = now() - interval '1 second' WHERE key_id = $1`, [id]);
    await expect(authenticate(token)).rejects.toMatchObject({
      details: { reason: 'expired', expiredAt: expect.any(String) },
    });
  });

  it('do not exist for another account', async () => {
    const first = await owner();
    const { id } = await first.create({});
    const other = await owner();
    await expect(first.revoke(id, other.aid)).rejects.toMatchObject({ code: 'apikey.not_found' });
    const { apiKeys } = await plane.bus('gateway').request(identity.listApiKeys, {}, { tenant: other.aid });
    expect(apiKeys.map(({ name }) => name)).toEqual(['first token']);
  });

  it('are limited in number, also for concurrent creations', async () => {
    const { create } = await owner();
    const attempts = await Promise.allSettled(Array.from({ length: 9 }, () => create({})));
    // The account's first token is the sixth of six.
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    await expect(create({})).rejects.toMatchObject({ code: 'limit.exceeded', details: { limit: 'apiKeys', value: 6 } });
  });

  it('repeat the response for the same Idempotency-Key, which is stored sealed', async () => {
    const { create, aid } = await owner();
    const once = { key: 'once', requestHash: 'h1' };
    const [first, second] = await Promise.all([create({}, 'owner', once), create({}, 'owner', once)]);
    expect(second).toEqual(first);
    await expect(create({}, 'owner', { key: 'once', requestHash: 'h2' })).rejects.toMatchObject({
      code: 'conflict.idempotency',
    });
    const [row] = await plane.sql<{ response: string }>('SELECT response FROM idempotency WHERE aid = $1', [aid]);
    expect(row?.response).toBeDefined();
    expect(row?.response).not.toContain('runos_pat_');
  });

  it('with another form are rejected without a reason', async () => {
    for (const token of [
      '',
      'x',
      'runos_pat_',
      `runos_reg_aaaaaaaaaaaa.${'A'.repeat(43)}`,
      `runos_pat_aaaaaaaaaaaa.${'A'.repeat(43)}`,
    ]) {
      await expect(authenticate(token)).rejects.toMatchObject({
        code: 'auth.invalid',
        message: 'Invalid token',
        details: {},
      });
    }
  });
});

describe('the audit log', () => {
  it('stores an entry before it replies, and cannot be changed', async () => {
    const { aid } = await newAccount();
    const entry = {
      action: 'service.credentials',
      subject: 'valkey-aaaaa',
      outcome: 'allowed',
      detail: { why: 'spec' },
    } as const;
    const { id } = await plane
      .bus('reconciler')
      .request(identity.recordAudit, entry, { tenant: aid, actor: actorWith('member') });
    const read = () => plane.sql('SELECT aid, action, actor FROM audit_entry WHERE id = $1', [id]);
    const kept = [{ aid, action: 'service.credentials', actor: actorWith('member') }];
    expect(await read()).toEqual(kept);
    await expect(plane.sql('DELETE FROM audit_entry WHERE id = $1', [id])).rejects.toThrow();
    await expect(plane.sql(`UPDATE audit_entry SET action = 'x' WHERE id = $1`, [id])).rejects.toThrow();
    expect(await read()).toEqual(kept);
  });
});
