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

  it('requires the password', async () => {
    const { port } = await start();
    await expect(query('SELECT 1', `postgresql://postgres:guess@127.0.0.1:${port}/postgres`)).rejects.toThrow(
      /password authentication failed/,
    );
  });

  it('stops the server of a killed previous run and starts on the same data', async () => {
    const program = `
      import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))};
      const running = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} });
      console.log(running.pid);
      setInterval(() => undefined, 1000);`;
    // Without setpriv on PATH, the kernel does not signal the server when the parent exits.
    const run = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { PATH: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(run.stdout, 'data')) as [Buffer];
    const previousPid = Number(line);
    run.kill('SIGKILL');
    await once(run, 'exit');
    expect(identify(previousPid)).toBeDefined();
    await start();
    expect(identify(previousPid)).toBeUndefined();
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts over when a previous run exited while it created the data folder', async () => {
    const { cluster } = choosePlaces(dataDir);
    mkdirSync(`${cluster}.new`, { recursive: true });
    writeFileSync(join(`${cluster}.new`, 'PG_VERSION'), '18');
    await start();
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('rejects an incomplete data folder in one sentence', async () => {
    const { cluster } = choosePlaces(dataDir);
    mkdirSync(cluster, { recursive: true });
    await expect(start()).rejects.toThrow(
      `${cluster} is not a complete PostgreSQL data folder (no PG_VERSION): delete it to create a new one (npm run reset).`,
    );
  });

  it('rejects data without its password', async () => {
    await (await start()).stop();
    rmSync(join(dataDir, 'password'));
    await expect(start()).rejects.toThrow(/password is missing/);
  });

  it('names the port that is in use', async () => {
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

  it('starts empty after such a data folder was deleted, although its data is in another folder', async () => {
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
