import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { removePidFile, writePidFile } from './pid-file.js';
import { identify, stopProcess } from './process-identity.js';

export interface ChildSpec {
  /** Its name in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child; nothing is inherited beyond it. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The child itself appends both outputs here, so nothing is lost when its parent dies. */
  readonly logFile: string;
  /** Where `endPreviousProcess` of a later run finds it. */
  readonly pidFile?: string;
  /** Sent by the kernel when the parent is killed; where that is impossible, the pid file remains. */
  readonly deathSignal?: NodeJS.Signals;
  /** Never ended with the parent: for a program that stays in the background. */
  readonly survivesParent?: boolean;
  readonly user?: { readonly uid: number; readonly gid: number };
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with one line that describes how it ended. */
  readonly ended: Promise<string>;
  /** The end of its log, for an error message. */
  lastLogLines(lines?: number): string;
  /** Resolves when the process has ended; SIGKILL after `graceMs`, 8 s by default. Can be called repeatedly. */
  stop(options?: { signal?: NodeJS.Signals; graceMs?: number }): Promise<void>;
}

/**
 * Starts a program in a session of its own: a terminal's Ctrl-C reaches this process alone, which stops its children
 * in the right order.
 */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const { command, args } = spec.survivesParent
    ? spec
    : endWithParent(spec.command, spec.args, spec.deathSignal ?? 'SIGTERM');
  const log = openLog(spec.logFile);
  const child = spawn(command, [...args], {
    cwd: spec.cwd,
    env: spec.env ?? process.env,
    detached: true,
    stdio: ['ignore', log, log],
    ...spec.user,
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${spec.name} cannot be started: ${error.message}`)));
  });
  const pid = child.pid as number;
  if (spec.pidFile) writePidFile(spec.pidFile, pid);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      if (spec.pidFile) removePidFile(spec.pidFile);
      resolve(`${spec.name} ended ${signal ? `by ${signal}` : `with code ${code}`}`);
    });
  });
  return {
    name: spec.name,
    pid,
    logFile: spec.logFile,
    ended,
    lastLogLines: (lines = 8) => readFileSync(spec.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    stop: async (options) => {
      const identity = child.exitCode === null && child.signalCode === null ? identify(pid) : undefined;
      if (identity) await stopProcess(identity, options);
      await ended;
    },
  };
}

/** A log of this size is renamed to `.1` at the next start, bytes. */
export const logLimitBytes = 20 * 1024 * 1024;

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logLimitBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/**
 * Waits until a child is ready. `ready` gives up when its signal aborts, which happens when the caller's signal does.
 * @throws Error with the end of the child's log when the child ends instead, or when `ready` gives up. The child does
 *   not run any more then.
 */
export async function waitUntilReady(
  child: Child,
  ready: (signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const finished = new AbortController();
  const readiness = ready(signal ? AbortSignal.any([finished.signal, signal]) : finished.signal);
  const ended = child.ended.then((outcome) => {
    throw new Error(outcome);
  });
  try {
    await Promise.race([readiness, ended]);
  } catch (error) {
    await child.stop();
    throw new Error(`${child.name} did not get ready: ${(error as Error).message}\n${child.lastLogLines()}`, {
      cause: error,
    });
  } finally {
    ended.catch(() => undefined); // the caller watches child.ended from then on
    readiness.catch(() => undefined);
    finished.abort();
  }
}

/** The first executable of that name on PATH. */
export function findOnPath(name: string, path = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false; // not there or not executable: the next folder may have it
      }
    });
}

/** When the parent dies before setpriv has requested the signal, the child has a new parent and ends here. */
const startUnlessOrphaned = '[ "$PPID" = "$0" ] && exec "$@"';

/**
 * The command that makes the kernel end the child when its parent dies, even by SIGKILL (Linux, util-linux). `setpriv`
 * and the shell replace themselves by the command, so the child keeps its number. Elsewhere the command is returned
 * unchanged.
 */
function endWithParent(command: string, args: readonly string[], signal: NodeJS.Signals) {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
  if (!setpriv) return { command, args: [...args] };
  const checked = ['/bin/sh', '-c', startUnlessOrphaned, String(process.pid), command, ...args];
  return { command: setpriv, args: ['--pdeathsig', signal.slice('SIG'.length), '--', ...checked] };
}
