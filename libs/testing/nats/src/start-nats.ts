import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildOptions } from '@runos/testing-kube';
import {
  type Child,
  endPreviousProcess,
  waitUntilReady,
  startChild,
  waitUntil,
  writeFileAtomic,
} from '@runos/testing-process';
import { findNatsServer } from './find-nats-server.js';
import { type NatsUser } from './nats-user.js';
import { serverConfig } from './server-config.js';

export interface NatsOptions extends BuildOptions {
  /** Streams, configuration (0600: it holds the passwords), log and pid file. Made when it does not exist. */
  readonly dataDir: string;
  /** 0 = a free one. Listens on 127.0.0.1 only. */
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
  /** Resolves when the server ended, with one line that says how. */
  readonly ended: Promise<string>;
  /** Makes the server read new users and permissions; connections whose user changed are cut and reconnect. */
  setUsers(users: readonly NatsUser[]): void;
  /** Resolves when the process is gone; streams are on disk. */
  stop(): Promise<void>;
}

/** Starts nats-server with JetStream on `dataDir`, and ends what a killed run left on the same data. */
export async function startNats(options: NatsOptions): Promise<RunningNats> {
  const command = await findNatsServer(options);
  const dataDir = resolve(options.dataDir);
  const portsDir = join(dataDir, 'ports');
  const configFile = join(dataDir, 'nats.conf');
  const pidFile = join(dataDir, 'nats.pid');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await endPreviousProcess(pidFile);
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

/** The server writes the port it got into a file once it listens: the only way to learn a free one without a race. */
async function readyPort(child: Child, portsDir: string, requested = 0): Promise<number> {
  let port = 0;
  const reported = (): boolean => {
    const file = readdirSync(portsDir).find((name) => name.endsWith('.ports'));
    if (!file) return false;
    port = parsePort(readFileSync(join(portsDir, file), 'utf8'));
    return port > 0;
  };
  try {
    await waitUntilReady(child, (signal) =>
      waitUntil(reported, { deadlineMs: 30_000, everyMs: 5, signal, because: () => 'it does not listen after 30 s' }),
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
