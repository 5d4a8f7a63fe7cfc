import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initCluster, majorOf } from './init-cluster.js';
import { choosePlaces, type Places, removePostgresData } from './places.js';
import { startPostgres } from './start-postgres.js';

export type Settings = Readonly<Record<string, string>>;

/** How a real PostgreSQL answers to settings. A refusal is its own text. */
export interface StartChecks {
  /** The major version, `18`. */
  readonly major: string;
  /** The folder of its time zone files. */
  readonly timeZonesDir: string;
  /** Checks the settings as far as the server does before it reserves memory: 40 ms. undefined: accepted. */
  check(settings: Settings): Promise<string | undefined>;
  /** The MB of shared memory that the server would reserve. @throws Error for a refusal */
  sharedMemoryMb(settings: Settings): Promise<number>;
  /** Starts and stops the server: half a second. undefined: it accepted connections. */
  start(settings: Settings): Promise<string | undefined>;
  /** Removes its data. */
  remove(): void;
}

/**
 * A PostgreSQL with data of its own that is started for checks only. It is the one that npm installed, or that of the
 * folder RUNOS_TEST_POSTGRES_BINARIES (with bin, lib, share), which may be of another major version.
 */
export async function openStartChecks(): Promise<StartChecks> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runos-start-checks-'));
  const places = choosePlaces(dataDir);
  await initCluster(places, join(dataDir, 'password'), false);
  // The server checks some values of the file before those of the command line replace them.
  writeFileSync(join(places.cluster, 'postgresql.conf'), '');
  const evaluate = (settings: Settings) =>
    run(places, ['-D', places.cluster, ...argumentsOf(settings), '-C', 'shared_memory_size']);
  return {
    major: majorOf(places),
    timeZonesDir: join(places.binaries, 'share', 'postgresql', 'timezone'),
    check: async (settings) => {
      const { code, output } = await evaluate(settings);
      return code === 0 ? undefined : output;
    },
    sharedMemoryMb: async (settings) => {
      const { code, output } = await evaluate(settings);
      if (code !== 0) throw new Error(output);
      return Number(output.trim().split('\n').at(-1));
    },
    start: async (settings) => {
      try {
        await (await startPostgres({ dataDir, durable: false, settings })).stop();
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
    remove: () => removePostgresData(dataDir),
  };
}

const argumentsOf = (settings: Settings): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

function run({ binaries, user }: Places, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  const child = spawn(join(binaries, 'bin', 'postgres'), args, {
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
