import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import getPort from 'get-port';
import { type Child, waitUntilReady, startChild, waitUntil } from '@runos/testing-process';
import { initCluster, superuser } from './init-cluster.js';
import { stopPreviousServer } from './previous-server.js';
import { choosePlaces, type Places } from './places.js';

export interface PostgresOptions {
  /** Password, log, pid file and, where PostgreSQL's user may enter it, the data. Made when it does not exist. */
  readonly dataDir: string;
  /** 0 = a free one. Listens on 127.0.0.1 only. */
  readonly port?: number;
  /** false: no fsync, for disposable data. Default true. */
  readonly durable?: boolean;
}

export interface RunningPostgres {
  readonly host: string;
  readonly port: number;
  /** The superuser. */
  readonly user: string;
  readonly password: string;
  /** `postgresql://…/postgres` for the superuser; another database: replace the path. */
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the server ended, with one line that says how. */
  readonly ended: Promise<string>;
  /** Cuts clients off, writes everything out, resolves when the process is gone. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on `dataDir` and resolves when it answers. Works for root, who may not run it himself, and for
 * ordinary users; ends what a killed run left on the same data. Errors are one sentence with the log's end below.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const dataDir = resolve(options.dataDir);
  const places = choosePlaces(dataDir);
  const pidFile = join(dataDir, 'postgres.pid');
  await stopPreviousServer(places.cluster, pidFile);
  const durable = options.durable ?? true;
  const password = await initCluster(places, join(dataDir, 'password'), durable);
  const { child, port } = await launch(places, { dataDir, pidFile, durable, port: options.port ?? 0 });
  const host = '127.0.0.1';
  const url = `postgresql://${superuser}:${password}@${host}:${port}/postgres`;
  const stop = (): Promise<void> => child.stop({ signal: 'SIGINT' });
  return {
    host,
    port,
    user: superuser,
    password,
    url,
    pid: child.pid,
    logFile: child.logFile,
    ended: child.ended,
    stop,
  };
}

interface Launch {
  readonly dataDir: string;
  readonly pidFile: string;
  readonly durable: boolean;
  readonly port: number;
}

/** A free port may be taken between finding and using it: then another one is tried, five times. */
async function launch(places: Places, requested: Launch, attempt = 1): Promise<{ child: Child; port: number }> {
  const port = requested.port || (await getPort({ host: '127.0.0.1' }));
  const child = await startChild({
    name: 'PostgreSQL',
    command: join(places.binaries, 'bin', 'postgres'),
    args: ['-D', places.cluster, ...settings(port, requested.durable)],
    env: { LC_ALL: 'C.UTF-8', TZ: 'UTC' },
    cwd: '/',
    logFile: join(requested.dataDir, 'postgres.log'),
    pidFile: requested.pidFile,
    deathSignal: 'SIGINT',
    user: places.user,
  });
  try {
    await waitUntilReady(child, (signal) => acceptsConnections(places.cluster, child.pid, signal));
    return { child, port };
  } catch (error) {
    if (!(error as Error).message.includes('Address already in use')) throw error;
    if (requested.port)
      throw new Error(`Port ${requested.port} for PostgreSQL is in use by another program.`, { cause: error });
    if (attempt === 5) throw error;
    return launch(places, requested, attempt + 1);
  }
}

/** postmaster.pid: its first line is the process, its last one says "ready" when connections are accepted. */
function acceptsConnections(cluster: string, pid: number, signal: AbortSignal): Promise<void> {
  const ready = (): boolean => {
    try {
      const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').trim().split('\n');
      return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
    } catch {
      return false; // not written yet
    }
  };
  // Recovery after a crash replays the log first: minutes at worst.
  return waitUntil(ready, { deadlineMs: 120_000, everyMs: 5, signal, because: () => 'no answer within two minutes' });
}

function settings(port: number, durable: boolean): string[] {
  const values: Record<string, string | number> = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200, // eight services with pools of ten, and tests beside them
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
