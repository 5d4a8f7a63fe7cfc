import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TemporaryPostgres, temporaryPostgres } from '@runos/testing-postgres';
import { programOf, repository, services } from '@runos/tool-start';
import pg from 'pg';
import { stuckRows } from './stuck-rows.js';

describe('rows that wait for somebody', () => {
  let postgres: TemporaryPostgres;
  let client: pg.Client;
  beforeAll(async () => {
    postgres = await temporaryPostgres();
    client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await postgres.stop();
  });

  it('are found in the queues and outboxes of every schema, also of one that nobody here has heard of', async () => {
    expect(await stuckRows(client)).toEqual(['there is no outbox, so nothing was looked at']);
    await client.query(`
      CREATE SCHEMA billing;
      CREATE TABLE billing.outbox (id int, subject text, body jsonb, headers jsonb);
      CREATE TABLE billing.dunning (id int, next_attempt_at timestamptz, lease_expires_at timestamptz);
      CREATE TABLE billing.idempotency (key text, request_hash text, response text);
      INSERT INTO billing.dunning VALUES (1, now() + interval '1 hour', NULL), (2, NULL, now() - interval '1 hour');
      INSERT INTO billing.idempotency VALUES ('a', 'b', '{}')`);
    expect(await stuckRows(client)).toEqual([]);
    await client.query(`
      INSERT INTO billing.outbox VALUES (1, 'x', '{}', '{}'), (2, 'x', '{}', '{}');
      UPDATE billing.dunning SET next_attempt_at = now() - interval '1 second', lease_expires_at = now() + interval '1 hour' WHERE id = 1;
      INSERT INTO billing.idempotency VALUES ('c', 'd', NULL)`);
    expect((await stuckRows(client)).sort()).toEqual([
      '1 due rows in billing.dunning',
      '1 leased rows in billing.dunning',
      '1 incomplete rows in billing.idempotency',
      '2 unpublished rows in billing.outbox',
    ]);
  });

  it('are looked for in every table that the services’ migrations make', async () => {
    await Promise.all(
      services
        .filter(({ database }) => database)
        .map(async ({ name }) => {
          const own = {
            RUNOS_DATABASE_URL: postgres.urlFor(`${postgres.database}_${name}`, 'secret'),
            RUNOS_DATABASE_OWNER_URL: postgres.url,
            RUNOS_KEYRING: `first:${Buffer.alloc(32).toString('base64')}`,
          };
          await promisify(execFile)(process.execPath, [programOf(repository, name, 'migrate')], {
            env: { ...process.env, ...own },
          });
        }),
    );
    await client.query('DROP SCHEMA billing CASCADE');
    expect(await stuckRows(client)).toEqual([]);
    await client.query('CREATE TABLE jobs.letter (id int, ripe_at timestamptz)');
    expect(await stuckRows(client)).toEqual(['whether rows of jobs.letter wait for somebody is not known']);
  }, 30_000);
});
