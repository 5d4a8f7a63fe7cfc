import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildOptions, buildNatsServer } from '@runos/testing-kube';
import {
  type Child,
  endPreviousProcess,
  findOnPath,
  waitUntilReady,
  startChild,
  waitUntil,
  writeFileAtomic,
} from '@runos/testing-process';
import { type NatsUser, streamsAccount } from './accounts.js';
import { serverConfig } from './server-config.js';

export interface NatsOptions extends BuildOptions {
  /** Folder for streams, configuration (0600, because of passwords), log and pid file. Created when missing. */
  readonly dataDir: string;
  /** Port on 127.0.0.1; 0 (default): any free port. */
  readonly port?: number;
  /** The users that may connect. */
  readonly users: readonly NatsUser[];
}

export interface RunningNats {
  readonly port: number;
  /** `nats://127.0.0.1:<port>`: without a user. */
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves after the server has exited, with its exit code or signal in one line. */
  readonly ended: Promise<string>;
  /** Reloads users and permissions. The server closes connections of changed users, which then reconnect. */
  setUsers(users: readonly NatsUser[]): void;
  /** Resolves after the process has exited; streams are on disk. */
  stop(): Promise<void>;
}

/** nats-server from PATH, else one that is built on first use (about half a minute). */
export const findNatsServer = async (options: BuildOptions = {}): Promise<string> =>
  findOnPath('nats-server') ?? buildNatsServer(options);

/** Starts nats-server with JetStream on `dataDir`. Stops the server of a killed previous run first. */
export async function startNats(options: NatsOptions): Promise<RunningNats> {
  const command = await findNatsServer(options);
  const dataDir = resolve(options.dataDir);
  const portsDir = join(dataDir, 'ports');
  const configFile = join(dataDir, 'nats.conf');
  const pidFile = join(dataDir, 'nats.pid');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await endPreviousProcess(pidFile);
  adoptGlobalStreams(join(dataDir, 'jetstream'));
  rmSync(portsDir, { recursive: true, force: true });
  mkdirSync(portsDir);
  const writeConfig = (users: readonly NatsUser[]): void =>
    writeFileAtomic(configFile, serverConfig({ port: options.port ?? 0, storeDir: dataDir, portsDir, users }));
  writeConfig(options.users);
  const logFile = join(dataDir, 'nats.log');
  const child = await startChild({ name: 'nats-server', command, args: ['-c', configFile], logFile, pidFile });
  const port = await readyPort(child, portsDir, options.port);
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    pid: child.pid,
    logFile,
    ended: child.ended,
    setUsers: (users) => {
      writeConfig(users);
      process.kill(child.pid, 'SIGHUP');
    },
    stop: () => child.stop(),
  };
}

/** Earlier versions had no accounts: their streams belong to nats-server's global account. */
function adoptGlobalStreams(storeDir: string): void {
  const [global, own] = [join(storeDir, '$G'), join(storeDir, streamsAccount)];
  if (existsSync(global) && !existsSync(own)) renameSync(global, own);
}

/** Reads the port from the file that the server writes when it listens; choosing a free port earlier would race. */
async function readyPort(child: Child, portsDir: string, requested = 0): Promise<number> {
  let port = 0;
  const hasReported = (): boolean => {
    const file = readdirSync(portsDir).find((name) => name.endsWith('.ports'));
    if (!file) return false;
    port = parsePort(readFileSync(join(portsDir, file), 'utf8'));
    return port > 0;
  };
  try {
    await waitUntilReady(child, (signal) =>
      waitUntil(hasReported, { everyMs: 5, signal, because: () => 'it does not listen' }),
    );
    return port;
  } catch (error) {
    if (!(error as Error).message.includes('address already in use')) throw error;
    throw new Error(`Port ${requested} for NATS is in use by another program.`, { cause: error });
  }
}

/** 0 while the file is still being written. */
function parsePort(content: string): number {
  try {
    const { nats } = JSON.parse(content) as { nats: string[] };
    const [url] = nats;
    return url === undefined ? 0 : Number(new URL(url).port);
  } catch (error) {
    if (error instanceof SyntaxError) return 0;
    throw error;
  }
}
