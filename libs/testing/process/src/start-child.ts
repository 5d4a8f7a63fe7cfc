import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { stopProcess } from './end-process.js';
import { removePidFile, writePidFile } from './pid-file.js';
import { identify } from './process-identity.js';
import { tiedToParent } from './tied-to-parent.js';

export interface ChildSpec {
  /** How messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child; nothing is inherited beyond it. Default: ours. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Both outputs are appended here by the child itself, so nothing is lost when we die. */
  readonly logFile: string;
  /** Where `endLeftover` of a later run finds it. */
  readonly pidFile?: string;
  /** Sent by the kernel when we die without a word; where that is impossible the pid file remains. */
  readonly deathSignal?: NodeJS.Signals;
  /** Not ended with us, whatever happens: for a program that stays in the background. */
  readonly outlivesUs?: boolean;
  readonly user?: { readonly uid: number; readonly gid: number };
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with one line that says how it ended, whoever ended it. */
  readonly ended: Promise<string>;
  /** What it wrote last, for an error message. */
  lastWords(lines?: number): string;
  /** Resolves when the process is gone; SIGKILL after `graceMs` (8 s unless told). Any number of calls. */
  stop(options?: { signal?: NodeJS.Signals; graceMs?: number }): Promise<void>;
}

/** Starts a program in a session of its own, so that a terminal's Ctrl-C reaches us and not it: we choose the order. */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const { command, args } = spec.outlivesUs
    ? spec
    : tiedToParent(spec.command, spec.args, spec.deathSignal ?? 'SIGTERM');
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
    lastWords: (lines = 8) => readFileSync(spec.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    stop: async (options) => {
      const identity = child.exitCode === null && child.signalCode === null ? identify(pid) : undefined;
      if (identity) await stopProcess(identity, options);
      await ended;
    },
  };
}

/** A log that has grown this large is put aside as `.1` at the next start. */
const logLimitBytes = 20 * 1024 * 1024;

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logLimitBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}
