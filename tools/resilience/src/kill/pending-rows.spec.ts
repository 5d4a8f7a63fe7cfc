import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TemporaryPostgres, temporaryPostgres } from '@runos/testing-postgres';
import { programOf, repository, services } from '@runos/tool-start';
import pg from 'pg';
import { findPendingRows } from './pending-rows.js';

describe('pending rows', () => {
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

  it('are found in the queues and outboxes of every schema, including unknown ones', async () => {
    expect(await findPendingRows(client)).toEqual(['there is no outbox table, so no row was checked']);
    await client.query(`
      CREATE SCHEMA billing;
      CREATE TABLE billing.outbox (id int, subject text, body jsonb, headers jsonb);
      CREATE TABLE billing.dunning (id int, next_attempt_at timestamptz, lease_expires_at timestamptz, fencing_token int);
      CREATE TABLE billing.idempotency (key text, request_hash text, response text);
      INSERT INTO billing.dunning VALUES (1, now() + interval '1 hour', NULL), (2, NULL, now() - interval '1 hour');
      INSERT INTO billing.idempotency VALUES ('a', 'b', '{}')`);
    expect(await findPendingRows(client)).toEqual([]);
    await client.query(`
      INSERT INTO billing.outbox VALUES (1, 'x', '{}', '{}'), (2, 'x', '{}', '{}');
      UPDATE billing.dunning SET next_attempt_at = now() - interval '1 second', lease_expires_at = now() + interval '1 hour' WHERE id = 1;
      INSERT INTO billing.idempotency VALUES ('c', 'd', NULL)`);
    expect((await findPendingRows(client)).sort()).toEqual([
      '1 incomplete rows in billing.idempotency',
      '1 leased rows in billing.dunning',
      '1 ready rows in billing.dunning',
      '2 unpublished rows in billing.outbox',
    ]);
  });

  it('are searched in every table of the services’ migrations', async () => {
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
    expect(await findPendingRows(client)).toEqual([]);
    await client.query('CREATE TABLE jobs.letter (id int, ripe_at timestamptz)');
    expect(await findPendingRows(client)).toEqual([
      'jobs.letter is neither a known queue nor listed as without pending rows',
    ]);
  });
});
