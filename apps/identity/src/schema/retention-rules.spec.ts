import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { Retention } from '@runos/persistence';
import { type IdentityHarness, newOwner, startHarness } from '../../test/harness.js';

let plane: IdentityHarness;
beforeAll(async () => {
  plane = await startHarness();
});
afterAll(() => plane.stop());

const applyRetention = () => Promise.all(plane.replicas.map(({ app }) => app.get(Retention, { strict: false }).run()));

it('deletes sessions some time after their expiry, and failures that do not count any more', async () => {
  const { email, password: first } = await newOwner(plane);
  const password = String(first);
  const gateway = plane.bus('gateway');
  const logIn = (text: string) => gateway.request(identity.logIn, { email, password: text, address: '127.0.0.1' });
  const authenticate = ({ token }: { readonly token: string }) => gateway.request(identity.authenticate, { token });
  const [old, expired, open] = [await logIn(password), await logIn(password), await logIn(password)];
  await expect(logIn('wrong')).rejects.toMatchObject({ code: 'auth.invalid' });
  const expireBefore = async (session: { readonly token: string }, days: number) => {
    const { keyId } = await authenticate(session);
    await plane.sql(`UPDATE session SET expires_at = now() - $2 * interval '1 day' WHERE key_id = $1`, [keyId, days]);
  };
  await expireBefore(old, 31);
  await expireBefore(expired, 29);
  await applyRetention();
  await expect(authenticate(old)).rejects.toMatchObject({ code: 'auth.invalid' });
  await expect(authenticate(expired)).rejects.toMatchObject({ code: 'auth.session_expired' });
  expect((await authenticate(open)).email).toBe(email);
  expect(await plane.sql('SELECT 1 FROM failed_log_in')).toHaveLength(1);
  await plane.sql(`UPDATE failed_log_in SET failed_at = now() - interval '15 minutes'`);
  await applyRetention();
  expect(await plane.sql('SELECT 1 FROM failed_log_in')).toEqual([]);
});
