import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { removePostgresData } from './places.js';
import { type RunningPostgres, startPostgres } from './start-postgres.js';

/** An empty database that is ours alone; the user is the server's superuser. */
export interface TemporaryPostgres {
  /** `postgresql://user:password@host:port/database` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** The same database as another role (which the test makes). */
  urlFor(user: string, password: string): string;
  /** Drops the database and its connections; the last caller stops the server. */
  stop(): Promise<void>;
}

let server: Promise<{ url: string; end: () => Promise<void> }> | undefined;
let users = 0;

/**
 * A fresh, empty database on a real PostgreSQL: the one that RUNOS_TEST_POSTGRES_URL names (a superuser's URL),
 * else one server per test file, started by the first call (half a second) and ended by the last `stop()`.
 * Roles belong to the whole server: give them names of your own (the database's name is unique).
 *
 *     const database = await throwAwayPostgres();   // in beforeAll
 *     await database.stop();                        // in afterAll
 */
export async function temporaryPostgres(): Promise<TemporaryPostgres> {
  users += 1;
  server ??= openServer();
  const { url, end } = await server;
  const database = `test_${randomBytes(6).toString('hex')}`;
  await onServer(url, `CREATE DATABASE ${database} TEMPLATE template0`);
  const address = new URL(url);
  address.pathname = `/${database}`;
  const urlFor = (user: string, password: string): string =>
    Object.assign(new URL(address), { username: user, password }).toString();
  let stopped: Promise<void> | undefined;
  const drop = async (): Promise<void> => {
    await onServer(url, `DROP DATABASE ${database} WITH (FORCE)`);
    users -= 1;
    if (users > 0) return;
    server = undefined;
    await end();
  };
  return {
    url: address.toString(),
    host: address.hostname,
    port: Number(address.port),
    user: decodeURIComponent(address.username),
    password: decodeURIComponent(address.password),
    database,
    urlFor,
    stop: () => (stopped ??= drop()),
  };
}

async function openServer(): Promise<{ url: string; end: () => Promise<void> }> {
  const given = process.env.RUNOS_TEST_POSTGRES_URL;
  if (given) return { url: given, end: async () => undefined };
  const dataDir = mkdtempSync(join(tmpdir(), 'runos-test-postgres-'));
  const running: RunningPostgres = await startPostgres({ dataDir, durable: false });
  const end = async (): Promise<void> => {
    await running.stop();
    removePostgresData(dataDir);
  };
  return { url: running.url, end };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
