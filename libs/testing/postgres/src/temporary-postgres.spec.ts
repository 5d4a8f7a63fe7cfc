import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type TemporaryPostgres, temporaryPostgres } from './temporary-postgres.js';

describe('temporaryPostgres', () => {
  const opened: TemporaryPostgres[] = [];
  const open = async () => {
    const database = await temporaryPostgres();
    opened.push(database);
    return database;
  };
  afterAll(() => Promise.all(opened.map((database) => database.stop())));

  it('creates an empty database for every caller', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    const left = await connected(one.url);
    await left.query('CREATE TABLE own (id int)');
    const right = await connected(two.url);
    const { rows } = await right.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
    expect(rows).toEqual([]);
    await Promise.all([left.end(), right.end()]);
  });

  it('drops the database and disconnects its clients', async () => {
    const database = await open();
    const client = await connected(database.url);
    const disconnected = new Promise((resolve) => client.on('error', resolve));
    await database.stop();
    await database.stop();
    await disconnected;
    const reconnecting = new pg.Client({ connectionString: database.url });
    await expect(reconnecting.connect()).rejects.toThrow(/does not exist|ECONNREFUSED/);
  });
});

it('stops the server with its last caller, although the database of that one cannot be dropped', async () => {
  const database = await temporaryPostgres();
  const client = await connected(Object.assign(new URL(database.url), { pathname: '/postgres' }).toString());
  await client.query(`DROP DATABASE ${database.database}`);
  await client.end();
  await expect(database.stop()).rejects.toThrow('does not exist');
  expect(process.getActiveResourcesInfo()).not.toContain('ProcessWrap');
});

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
