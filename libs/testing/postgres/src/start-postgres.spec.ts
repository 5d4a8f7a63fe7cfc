import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { identify } from '@runos/testing-process';
import { choosePlaces, removePostgresData } from './places.js';
import { type RunningPostgres, startPostgres } from './start-postgres.js';

describe('startPostgres', () => {
  let parent: string;
  let dataDir: string;
  let running: RunningPostgres | undefined;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'runos-postgres-'));
    dataDir = join(parent, 'data');
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    removePostgresData(dataDir);
    rmSync(parent, { recursive: true, force: true });
  });
  const start = async (options: { port?: number } = {}): Promise<RunningPostgres> =>
    (running = await startPostgres({ dataDir, durable: false, ...options }));
  const query = async (text: string, url = running?.url): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  it('keeps its data and its password across a restart', async () => {
    const first = await start();
    await query('CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start({ port: first.port });
    expect([second.port, second.password]).toEqual([first.port, first.password]);
    expect(await query('SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);
  });

  it('asks everybody for the password', async () => {
    const { port } = await start();
    await expect(query('SELECT 1', `postgresql://postgres:guess@127.0.0.1:${port}/postgres`)).rejects.toThrow(
      /password authentication failed/,
    );
  });

  it('ends the server that a killed run left, and starts on the same data', async () => {
    const program = `
      import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))};
      const running = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} });
      console.log(running.pid);
      setInterval(() => undefined, 1000);`;
    // Without setpriv on its PATH the parent cannot take the server with it.
    const run = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { PATH: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(run.stdout, 'data')) as [Buffer];
    const left = Number(line);
    run.kill('SIGKILL');
    await once(run, 'exit');
    expect(identify(left)).toBeDefined();
    await start();
    expect(identify(left)).toBeUndefined();
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts over when an earlier run ended in the middle of making the data folder', async () => {
    const { cluster } = choosePlaces(dataDir);
    mkdirSync(`${cluster}.new`, { recursive: true });
    writeFileSync(join(`${cluster}.new`, 'PG_VERSION'), '18');
    await start();
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('refuses a data folder that is not whole, in one sentence', async () => {
    const { cluster } = choosePlaces(dataDir);
    mkdirSync(cluster, { recursive: true });
    await expect(start()).rejects.toThrow(
      `${cluster} is not a complete PostgreSQL data folder (no PG_VERSION): delete it to start afresh (npm run reset).`,
    );
  });

  it('refuses data whose password is gone', async () => {
    await (await start()).stop();
    rmSync(join(dataDir, 'password'));
    await expect(start()).rejects.toThrow(/password is gone/);
  });

  it('says which port is in use', async () => {
    const { port } = await start();
    const other = { dataDir: join(parent, 'other'), port, durable: false };
    await expect(startPostgres(other)).rejects.toThrow(`Port ${port} for PostgreSQL is in use by another program.`);
    removePostgresData(other.dataDir);
  });

  it('works below a folder that only its owner may enter', async () => {
    const closed = join(parent, 'home');
    mkdirSync(closed, { mode: 0o700 });
    dataDir = join(closed, 'project', '.runos', 'postgres');
    await (await start()).stop();
    await start();
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts afresh when such a data folder was deleted, though the data lay elsewhere', async () => {
    const closed = join(parent, 'home');
    mkdirSync(closed, { mode: 0o700 });
    dataDir = join(closed, 'postgres');
    await start();
    await query('CREATE TABLE old ()');
    await running?.stop();
    rmSync(dataDir, { recursive: true });
    await start();
    await expect(query('SELECT * FROM old')).rejects.toThrow('does not exist');
  });
});
