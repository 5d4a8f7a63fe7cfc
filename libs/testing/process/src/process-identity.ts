import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

/** A process, told apart from a later one that got the same number: `startedAt` is opaque and compared as text. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** What is running under this number now; undefined when nothing is (a zombie counts as nothing). */
export function identify(pid: number): ProcessIdentity | undefined {
  if (process.platform !== 'linux') return identifyByPs(pid);
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // no such process: the only way this read fails
  }
  // Fields after the command name, which may itself hold spaces and brackets: state first, start time twentieth.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : { pid, startedAt: fields[19] };
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  const told = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const line = told.stdout?.trim();
  if (told.status !== 0 || !line || line.startsWith('Z')) return undefined;
  return { pid, startedAt: line.slice(line.indexOf(' ')).trim() };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

export function ownIdentity(): ProcessIdentity {
  const own = identify(process.pid);
  if (!own) throw new Error(`This process (${process.pid}) cannot see itself: is /proc mounted?`);
  return own;
}
