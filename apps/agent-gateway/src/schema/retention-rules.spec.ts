import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Retention } from '@runos/persistence';
import { Harness, type Replica } from '../../test/harness.js';

let harness: Harness;
let replicas: Replica[];
beforeAll(async () => {
  harness = await Harness.start();
  replicas = [await harness.replica(), await harness.replica()];
});
afterAll(() => harness.stop());

const applyRetention = () =>
  Promise.all(replicas.map(({ service }) => service.app.get(Retention, { strict: false }).run()));

const keysOf = async (table: string, key: string): Promise<string[]> => {
  const { rows } = await harness.sql.query<{ key: string }>(`SELECT ${key}::text AS key FROM ${table} ORDER BY 1`);
  return rows.map((row) => row.key);
};

it('sessions, tokens and certificates are deleted some time after their end, and no others', async () => {
  await harness.sql.query(
    `INSERT INTO session (session_no, aid, cid, nid, serial, replica_id, closed_at)
     SELECT no, 'abcde', 'ky3', 'n', 's', gen_random_uuid(), closed_at
     FROM (VALUES (1, now() - interval '8 days'), (2, now() - interval '6 days')) AS closed (no, closed_at)`,
  );
  await harness.sql.query(
    `INSERT INTO registration_token (key_id, secret_hash, aid, cid, purpose, created_by, expires_at)
     SELECT key_id, 'h', 'abcde', 'ky3', 'node', 'x', now() - expired
     FROM (VALUES ('old', interval '8 days'), ('kept', interval '6 days'), ('valid', interval '-1 hour')) AS t (key_id, expired)`,
  );
  await harness.sql.query(
    `INSERT INTO certificate (serial, fingerprint, aid, cid, nid, expires_at)
     SELECT serial, 'f', 'abcde', 'ky3', 'n', now() - expired
     FROM (VALUES ('old', interval '31 days'), ('kept', interval '29 days'), ('valid', interval '-1 day')) AS c (serial, expired)`,
  );
  await applyRetention();
  expect(await keysOf('session', 'session_no')).toEqual(['2']);
  expect(await keysOf('registration_token', 'key_id')).toEqual(['kept', 'valid']);
  expect(await keysOf('certificate', 'serial')).toEqual(['kept', 'valid']);
});
