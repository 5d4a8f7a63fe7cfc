import { readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Child,
  endPreviousProcess,
  identify,
  startChild,
  stopProcess,
  waitUntil,
  waitUntilReady,
} from '@runos/testing-process';
import getPort from 'get-port';
import { initCluster, superuser } from './init-cluster.js';
import { choosePlaces, type Places } from './places.js';

export interface PostgresOptions {
  /** Folder for password, log, pid file and, if PostgreSQL's user may enter it, data. Created when missing. */
  readonly dataDir: string;
  /** Port on 127.0.0.1; 0 (default): any free port. */
  readonly port?: number;
  /** false: data is not flushed to disk, for tests. Default true. */
  readonly durable?: boolean;
  /** Parameters above those of the test kit. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RunningPostgres {
  readonly host: string;
  readonly port: number;
  /** The superuser. */
  readonly user: string;
  readonly password: string;
  /** `postgresql://…/postgres` of the superuser; replace the path for another database. */
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves after the server has exited, with its exit code or signal in one line. */
  readonly ended: Promise<string>;
  /** Fast shutdown: disconnects clients, flushes data, resolves after the process has exited. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on `dataDir` and resolves when it accepts connections. As root it runs as an unprivileged user. Stops
 * the server of a killed previous run first. Errors contain one sentence and the end of the log.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const dataDir = resolve(options.dataDir);
  const places = choosePlaces(dataDir);
  const pidFile = join(dataDir, 'postgres.pid');
  await stopPreviousServer(places.cluster, pidFile);
  const durable = options.durable ?? true;
  const password = await initCluster(places, join(dataDir, 'password'), durable);
  const { child, port } = await launch(places, {
    dataDir,
    pidFile,
    durable,
    port: options.port ?? 0,
    settings: options.settings ?? {},
  });
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
  readonly settings: Readonly<Record<string, string>>;
}

/** Another process may take the free port before PostgreSQL binds it; up to five ports are tried. */
async function launch(places: Places, requested: Launch, attempt = 1): Promise<{ child: Child; port: number }> {
  const port = requested.port || (await getPort({ host: '127.0.0.1' }));
  const child = await startChild({
    name: 'PostgreSQL',
    command: join(places.binaries, 'bin', 'postgres'),
    args: ['-D', places.cluster, ...parameters(port, requested)],
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

/** In postmaster.pid, line 1 is the process id and line 8 is "ready" when connections are accepted. */
function acceptsConnections(cluster: string, pid: number, signal: AbortSignal): Promise<void> {
  const isReady = (): boolean => {
    try {
      const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').trim().split('\n');
      return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
    } catch {
      return false; // not written yet
    }
  };
  // Crash recovery replays the write-ahead log first, which may take minutes.
  return waitUntil(isReady, { deadlineMs: 120_000, everyMs: 5, signal, because: () => 'not ready within two minutes' });
}

function parameters(port: number, { durable, settings }: Launch): string[] {
  const values: Record<string, string | number> = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200, // eight services with pools of ten, plus tests
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * Stops the server of a killed previous run on this data folder, found by `pidFile` or postmaster.pid.
 * @throws Error when the process that started the server still runs
 */
async function stopPreviousServer(cluster: string, pidFile: string): Promise<void> {
  await endPreviousProcess(pidFile, { signal: 'SIGINT' }); // SIGINT: fast shutdown, which disconnects clients and loses no data
  const pid = postmasterPid(cluster);
  const found = pid === undefined ? undefined : identify(pid);
  if (found && workingFolder(found.pid) === cluster) await stopProcess(found, { signal: 'SIGINT' });
}

function postmasterPid(cluster: string): number | undefined {
  try {
    return Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]) || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The working folder of a postmaster is its data folder, which distinguishes it from another process with a reused pid. */
function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // exited, not readable, or no /proc: PostgreSQL then refuses to start
  }
}
