import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { type IdentityHarness, newOwner, startHarness } from '../../test/harness.js';
import { LastUse } from '../tokens/authentication.js';

let plane: IdentityHarness;
beforeAll(async () => {
  plane = await startHarness();
});
afterAll(() => plane.stop());

const demote = (aid: string, role: string) => plane.sql('UPDATE membership SET role = $2 WHERE aid = $1', [aid, role]);
const authenticate = (token: string) => plane.bus('gateway').request(identity.authenticate, { token });

describe('a personal access token', () => {
  it('cannot be created with a role that its creator no longer has', async () => {
    const { aid, create } = await newOwner(plane);
    await demote(aid, 'member');
    await expect(create({ role: 'admin' }, 'owner')).rejects.toMatchObject({ code: 'auth.forbidden' });
    expect((await create({ role: 'member' }, 'owner')).role).toBe('member');
    await plane.sql('DELETE FROM membership WHERE aid = $1', [aid]);
    await expect(create({}, 'owner')).rejects.toMatchObject({ code: 'auth.forbidden' });
  });

  it('has the weaker role of its own and its user’s, in its own account only', async () => {
    const { aid, email, create } = await newOwner(plane);
    const elsewhere = await newOwner(plane, email);
    const { token } = await create({ role: 'admin' });
    const memberships = async () => (await authenticate(token)).memberships;
    expect(await memberships()).toEqual([{ aid, role: 'admin' }]);
    await demote(aid, 'viewer');
    expect(await memberships()).toEqual([{ aid, role: 'viewer' }]);
    await demote(aid, 'owner');
    expect(await memberships()).toEqual([{ aid, role: 'admin' }]);
    await demote(elsewhere.aid, 'owner');
    expect(await memberships()).toEqual([{ aid, role: 'admin' }]);
  });

  it('reports its last use, written in batches', async () => {
    const { create, show } = await newOwner(plane);
    const { id, token } = await create({});
    expect((await show(id)).lastUsedAt).toBeNull();
    const before = Date.now();
    await authenticate(token);
    expect((await show(id)).lastUsedAt).toBeNull();
    await Promise.all(plane.replicas.map(({ app }) => app.get(LastUse).write()));
    const usedAt = Date.parse(String((await show(id)).lastUsedAt));
    expect(usedAt).toBeGreaterThanOrEqual(before);
    expect(usedAt).toBeLessThanOrEqual(Date.now());
  });

  it('is not usable with its id only', async () => {
    const { create, show } = await newOwner(plane);
    const { id } = await create({});
    await expect(authenticate(`runos_pat_${id}.${'A'.repeat(43)}`)).rejects.toMatchObject({ details: {} });
    await Promise.all(plane.replicas.map(({ app }) => app.get(LastUse).write()));
    expect((await show(id)).lastUsedAt).toBeNull();
  });

  it('is listed with usable ones first, and is audited at creation and revocation', async () => {
    const { aid, create, revoke, list, firstKey } = await newOwner(plane);
    const [older, newer] = [await create({ name: 'older' }), await create({ name: 'newer' })];
    await revoke(newer.id);
    await revoke(newer.id);
    expect((await list()).map(({ name }) => name)).toEqual(['older', 'first token', 'newer']);
    const entries = await plane.sql('SELECT action, subject, actor FROM audit_entry WHERE aid = $1 ORDER BY id', [aid]);
    expect(entries).toEqual([
      { action: 'apikey.create', subject: older.id, actor: expect.objectContaining({ name: 'spec' }) },
      { action: 'apikey.create', subject: newer.id, actor: expect.objectContaining({ name: 'spec' }) },
      { action: 'apikey.revoke', subject: newer.id, actor: expect.objectContaining({ name: 'spec' }) },
    ]);
    await expect(revoke('a'.repeat(12))).rejects.toMatchObject({ code: 'apikey.not_found' });
    await expect(revoke(firstKey, 'zzzzz')).rejects.toMatchObject({ code: 'apikey.not_found' });
  });

  it('no longer counts towards the limit when revoked or expired', async () => {
    const { create, revoke } = await newOwner(plane);
    const created = await Promise.all(Array.from({ length: 5 }, () => create({})));
    await expect(create({})).rejects.toMatchObject({ code: 'limit.exceeded' });
    await revoke(created[0]?.id ?? '');
    await create({});
    await expect(create({})).rejects.toMatchObject({ code: 'limit.exceeded' });
    await plane.sql(`UPDATE api_key SET expires_at = now() - interval '1 second' WHERE key_id = $1`, [created[1]?.id]);
    await create({});
  });
});
