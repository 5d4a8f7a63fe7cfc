import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { Database } from '@runos/persistence';
import { waitUntil } from '@runos/testing-process';
import type { QueryRunner } from 'typeorm';
import { DeriveParentsOfApiKeys1800000000003 } from '../schema/migrations/0003-derive-parents-of-api-keys.js';
import { actorWith, type IdentityHarness, newOwner, startHarness } from '../../test/harness.js';

let plane: IdentityHarness;
beforeAll(async () => {
  plane = await startHarness();
});
afterAll(() => plane.stop());

const gateway = () => plane.bus('gateway');
const authenticate = (token: string) => gateway().request(identity.authenticate, { token });
const daysAhead = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const revoked = { code: 'auth.invalid', details: { reason: 'revoked', revokedAt: expect.any(String) } };

/** An owner whose requests name the token or the session that sends them. */
async function newMinter() {
  const owner = await newOwner(plane);
  const { aid: tenant, userId, email, password } = owner;
  const mint = (by: string, key: object = {}, name = 'key') =>
    gateway().request(
      identity.createApiKey,
      { userId, key: { name, ...key } },
      { tenant, actor: actorWith('owner', by) },
    );
  const mintInSession = (sessionKeyId: string) =>
    gateway().request(
      identity.createApiKey,
      { userId, key: { name: 'from session' }, sessionKeyId },
      { tenant, actor: { kind: 'user', id: userId, name: email, role: 'owner' } },
    );
  const logIn = () => gateway().request(identity.logIn, { email, password: String(password), address: 'lineage' });
  return { ...owner, mint, mintInSession, logIn };
}

/** The events that identity publishes while `work` runs, up to `count`. */
async function changesDuring(count: number, work: () => Promise<unknown>): Promise<unknown[]> {
  const connection = await gateway().connector.ready(1_000);
  const subscription = connection.subscribe(identity.accessChanged.subject, { max: count });
  await connection.flush();
  await work();
  const changes: unknown[] = [];
  for await (const message of subscription) changes.push(message.json());
  return changes;
}

let unlock = (): void => undefined;
afterEach(() => unlock());

/** Keeps writers of the audit log waiting until `unlock` is called, at the latest after the test. */
async function lockAuditLog(): Promise<{ held: Promise<void> }> {
  const unlocked = new Promise<void>((resolve) => (unlock = resolve));
  let held = Promise.resolve();
  await new Promise<void>((resolve) => {
    held = plane.replicas[0]!.app.get(Database).transaction(async (manager) => {
      await manager.query('LOCK TABLE audit_entry IN EXCLUSIVE MODE');
      resolve();
      await unlocked;
    });
  });
  return { held };
}

/** Resolves when this many statements wait for locks. */
async function statementsWait(count: number): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  let found = 0;
  const areWaiting = async () => (found = (await plane.sql(waiting)).length) >= count;
  const because = () => `${found} of ${count} statements wait for locks`;
  await waitUntil(areWaiting, { everyMs: 10, because });
}

describe('a stolen token that is revoked', () => {
  it('takes every token that it or its descendants minted with it, in caches too', async () => {
    const { mint, revoke, firstKey, aid } = await newMinter();
    const stolen = await mint(firstKey, { role: 'admin' });
    const child = await mint(stolen.id, { role: 'admin' });
    const grandchild = await mint(child.id, {});
    const sibling = await mint(firstKey, {});
    const [change] = await changesDuring(1, () => revoke(stolen.id));
    expect(change).toEqual({ keyIds: expect.any(Array), userIds: [] });
    expect(new Set((change as { keyIds: string[] }).keyIds)).toEqual(new Set([stolen.id, child.id, grandchild.id]));
    for (const { token } of [stolen, child, grandchild])
      await expect(authenticate(token)).rejects.toMatchObject(revoked);
    expect((await authenticate(sibling.token)).keyId).toBe(sibling.id);
    const entries = await plane.sql<{ subject: string; detail: object }>(
      `SELECT subject, detail FROM audit_entry WHERE aid = $1 AND action = 'apikey.revoke'`,
      [aid],
    );
    expect(entries).toHaveLength(3);
    expect(entries).toEqual(
      expect.arrayContaining([
        { subject: stolen.id, detail: {} },
        { subject: child.id, detail: { revokedWith: stolen.id } },
        { subject: grandchild.id, detail: { revokedWith: stolen.id } },
      ]),
    );
  });

  it('mints nothing that outlives it, whatever expiry it requests', async () => {
    const { mint, firstKey } = await newMinter();
    const stolen = await mint(firstKey, { expiresAt: daysAhead(1) });
    expect((await mint(stolen.id, { expiresAt: daysAhead(365) })).expiresAt).toBe(stolen.expiresAt);
    expect((await mint(stolen.id)).expiresAt).toBe(stolen.expiresAt);
    const shorter = daysAhead(0.5);
    expect((await mint(stolen.id, { expiresAt: shorter })).expiresAt).toBe(shorter);
  });

  it('mints nothing any more, although a gateway that missed the event still accepts it', async () => {
    const { mint, revoke, firstKey } = await newMinter();
    const stolen = await mint(firstKey);
    await revoke(stolen.id);
    await expect(mint(stolen.id)).rejects.toMatchObject(revoked);
    const old = await mint(firstKey);
    await plane.sql(`UPDATE api_key SET expires_at = now() - interval '1 second' WHERE key_id = $1`, [old.id]);
    await expect(mint(old.id)).rejects.toMatchObject({ code: 'auth.invalid', details: { reason: 'expired' } });
  });

  it('mints nothing in another account or for another user', async () => {
    const [{ mint }, other] = [await newMinter(), await newMinter()];
    await expect(mint(other.firstKey)).rejects.toMatchObject({ code: 'auth.invalid', details: {} });
    await expect(mint('a'.repeat(12))).rejects.toMatchObject({ code: 'auth.invalid', details: {} });
  });

  it('leaves no descendant when it mints while it is revoked', async () => {
    const { mint, revoke, firstKey, list } = await newMinter();
    const stolen = await mint(firstKey);
    const child = await mint(stolen.id);
    // The mint stops at its audit entry, inside its transaction, until the table is unlocked.
    const { held } = await lockAuditLog();
    const minted = mint(child.id);
    await statementsWait(1);
    const revocation = revoke(stolen.id);
    await statementsWait(2);
    unlock();
    await Promise.all([held, minted, revocation]);
    await expect(authenticate((await minted).token)).rejects.toMatchObject(revoked);
    expect((await list()).filter(({ revokedAt }) => revokedAt === null).map(({ id }) => id)).toEqual([firstKey]);
  });
});

describe('the lineage of a token', () => {
  it('is shown and listed', async () => {
    const { mint, show, list, firstKey } = await newMinter();
    const { id } = await mint(firstKey);
    expect(await show(id)).toMatchObject({ id, createdByKey: firstKey });
    expect((await list()).map(({ createdByKey }) => createdByKey)).toEqual([firstKey, null]);
  });

  it('is derived from the audit log for tokens of an older version, and then revocable', async () => {
    const { mint, show, revoke, firstKey, aid } = await newMinter();
    const stolen = await mint(firstKey);
    const { id, token } = await mint(stolen.id);
    await revoke(stolen.id);
    await plane.sql('UPDATE api_key SET parent_key_id = NULL, revoked_at = NULL WHERE aid = $1 AND key_id = $2', [
      aid,
      id,
    ]);
    const query = (text: string) => plane.sql(text);
    await new DeriveParentsOfApiKeys1800000000003().up({ query } as unknown as QueryRunner);
    expect(await show(id)).toMatchObject({ createdByKey: stolen.id, revokedAt: null });
    await revoke(stolen.id);
    await expect(authenticate(token)).rejects.toMatchObject(revoked);
  });

  it('starts with a session: log-out does not affect what the session minted, but it mints nothing more', async () => {
    const { mintInSession, logIn, show } = await newMinter();
    const { keyId } = await authenticate((await logIn()).token);
    const { id, token } = await mintInSession(keyId);
    await gateway().request(identity.logOut, { keyId });
    expect((await authenticate(token)).keyId).toBe(id);
    expect(await show(id)).toMatchObject({ createdByKey: null });
    await expect(mintInSession(keyId)).rejects.toMatchObject(revoked);
  });
});

describe('what a token has created elsewhere', () => {
  const check = (kind: 'pat' | 'session', keyId: string, tenant: string) =>
    plane.bus('agent-gateway').request(identity.checkCredential, { kind, keyId }, { tenant });

  it('ends with the token, or with any that it descends from', async () => {
    const { mint, revoke, firstKey, aid } = await newMinter();
    const stolen = await mint(firstKey, { role: 'admin' });
    const child = await mint(stolen.id, {});
    expect(await check('pat', stolen.id, aid)).toEqual({ role: 'admin', validForMs: expect.any(Number) });
    expect(await check('pat', child.id, aid)).toMatchObject({ role: 'member' });
    await revoke(stolen.id);
    for (const id of [stolen.id, child.id]) await expect(check('pat', id, aid)).rejects.toMatchObject(revoked);
    await expect(check('pat', firstKey, 'zzzzz')).rejects.toMatchObject({ code: 'auth.invalid' });
  });

  it('ends with the log-out of the session, and with the membership of its user', async () => {
    const { logIn, aid, userId, firstKey } = await newMinter();
    const keyIdOf = (token: string) => token.slice(10, 22);
    const [first, second] = [keyIdOf((await logIn()).token), keyIdOf((await logIn()).token)];
    expect(await check('session', first, aid)).toMatchObject({ role: 'owner' });
    await gateway().request(identity.logOut, { keyId: first });
    await expect(check('session', first, aid)).rejects.toMatchObject(revoked);
    await plane.sql('DELETE FROM membership WHERE user_id = $1', [userId]);
    for (const [kind, id] of [
      ['session', second],
      ['pat', firstKey],
    ] as const)
      await expect(check(kind, id, aid)).rejects.toMatchObject({ code: 'auth.invalid' });
  });
});
