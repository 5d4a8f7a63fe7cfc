import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { identity } from '@runos/contracts';
import { Database } from '@runos/persistence';
import { type IdentityHarness, newOwner, startHarness } from '../../test/harness.js';
import { LastUse } from './authentication.js';

let plane: IdentityHarness;
beforeAll(async () => {
  plane = await startHarness();
});
afterAll(() => plane.stop());

it('the last use of a token whose row is locked delays no other one, and is written later', async () => {
  const { app } = plane.replicas[0]!;
  const owners = [await newOwner(plane), await newOwner(plane)];
  const [locked, other] = owners.map(({ firstKey }) => firstKey);
  const lastUse = app.get(LastUse);
  for (const { token } of owners) await plane.bus('gateway').request(identity.authenticate, { token });
  await Promise.all(plane.replicas.map((replica) => replica.app.get(LastUse).write()));
  await plane.sql('UPDATE api_key SET last_used_at = NULL');
  const used = async () =>
    (await plane.sql<{ key_id: string }>('SELECT key_id FROM api_key WHERE last_used_at IS NOT NULL')).map(
      ({ key_id }) => key_id,
    );
  await app.get(Database).transaction(async (manager) => {
    await manager.query('SELECT 1 FROM api_key WHERE key_id = $1 FOR UPDATE', [locked]);
    for (const keyId of [locked, other]) lastUse.record('pat', keyId!);
    const written = lastUse.write().then(() => 'written');
    expect(await Promise.race([written, sleep(60_000, 'waits', { ref: false })])).toBe('written');
    expect(await used()).toEqual([other]);
  });
  await lastUse.write();
  expect((await used()).sort()).toEqual([locked, other].sort());
});
