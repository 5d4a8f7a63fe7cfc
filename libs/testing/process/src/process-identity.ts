import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { waitUntil } from './wait-until.js';

/** A process; `startedAt` distinguishes it from a later process with the same number and is compared as text. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** The process that runs under this number now; undefined when there is none. A zombie counts as none. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (process.platform !== 'linux') return identifyByPs(pid);
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // no such process: the only reason for which this read fails
  }
  // Fields after the command name, which may itself hold spaces and brackets: state first, start time twentieth.
  const { 0: state, 19: startedAt } = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || startedAt === undefined ? undefined : { pid, startedAt };
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const line = ps.stdout?.trim();
  if (ps.status !== 0 || !line || line.startsWith('Z')) return undefined;
  return { pid, startedAt: line.slice(line.indexOf(' ')).trim() };
}

/** True if the process runs; another process with the same pid does not count. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/**
 * The identity of this process.
 * @throws Error without /proc
 */
export function ownIdentity(): ProcessIdentity {
  const own = identify(process.pid);
  if (!own) throw new Error(`This process (${process.pid}) cannot see itself: is /proc mounted?`);
  return own;
}

/** Sends `signal`, and SIGKILL after `graceMs`; resolves when the process has ended. */
export async function stopProcess(
  identity: ProcessIdentity,
  { signal = 'SIGTERM', graceMs = 8_000 }: { signal?: NodeJS.Signals; graceMs?: number } = {},
): Promise<void> {
  const hasEnded = (): boolean => !isRunning(identity);
  const wait = (deadlineMs?: number): Promise<void> =>
    waitUntil(hasEnded, { deadlineMs, because: () => `Process ${identity.pid} does not end, even by SIGKILL` });
  if (!sendSignal(identity, signal)) return;
  await wait(graceMs).catch(async () => {
    sendSignal(identity, 'SIGKILL');
    await wait();
  });
}

/** False when the process has ended already. */
function sendSignal(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Resident memory of a process, MB of a million bytes. @throws Error when there is no such process */
export async function residentMb(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has ended`);
  return (Number(kib) * 1024) / 1e6;
}

/** The unit of Linux for processor time. */
const tickMs = 10;

/** Processor time that a process has used so far, ms. */
export async function cpuMs(pid: number): Promise<number> {
  return cpuMsOf(await readFile(`/proc/${pid}/stat`, 'utf8'));
}

/** utime and stime of a line of /proc/PID/stat; the name before them may contain any characters. */
export function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
