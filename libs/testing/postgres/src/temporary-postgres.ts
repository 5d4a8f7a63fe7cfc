import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { removePostgresData } from './places.js';
import { type RunningPostgres, startPostgres } from './start-postgres.js';

/** An empty database for one caller; the user is the server's superuser. */
export interface TemporaryPostgres {
  /** `postgresql://user:password@host:port/database` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** The URL of the same database for another role, which the test creates. */
  urlFor(user: string, password: string): string;
  /** Drops the database and disconnects its clients; the last call stops the server. */
  stop(): Promise<void>;
}

let server: Promise<{ url: string; stop: () => Promise<void> }> | undefined;
let users = 0;

/**
 * An empty database on a real PostgreSQL: the server of RUNOS_TEST_POSTGRES_URL (a superuser's URL), else one server
 * per test file. The first call starts that server (half a second), and the last `stop()` stops it. Roles are global to
 * the server, so derive their names from the database's unique name.
 *
 *     const database = await temporaryPostgres();   // in beforeAll
 *     await database.stop();                        // in afterAll
 */
export async function temporaryPostgres(): Promise<TemporaryPostgres> {
  users += 1;
  server ??= openServer();
  const database = `test_${randomBytes(6).toString('hex')}`;
  const url = await created(server, database).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  const address = new URL(url);
  address.pathname = `/${database}`;
  const urlFor = (user: string, password: string): string =>
    Object.assign(new URL(address), { username: user, password }).toString();
  let stopped: Promise<void> | undefined;
  const drop = (): Promise<void> => onServer(url, `DROP DATABASE ${database} WITH (FORCE)`).finally(release);
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

/** Creates a database and returns the URL of its server. */
async function created(on: NonNullable<typeof server>, database: string): Promise<string> {
  const { url } = await on;
  await onServer(url, `CREATE DATABASE ${database} TEMPLATE template0`);
  return url;
}

/** The last user stops the server, also after an error. */
async function release(): Promise<void> {
  users -= 1;
  if (users > 0) return;
  const last = server;
  server = undefined;
  await last?.then(
    ({ stop }) => stop(),
    () => undefined, // it has not started, which its users know
  );
}

async function openServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const externalUrl = process.env.RUNOS_TEST_POSTGRES_URL;
  if (externalUrl) return { url: externalUrl, stop: async () => undefined };
  const dataDir = mkdtempSync(join(tmpdir(), 'runos-test-postgres-'));
  const running: RunningPostgres = await startPostgres({ dataDir, durable: false });
  const stop = async (): Promise<void> => {
    await running.stop();
    removePostgresData(dataDir);
  };
  return { url: running.url, stop };
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
