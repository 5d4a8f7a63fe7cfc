import { serviceNames } from '@runos/contracts';
import type { PlaneInfo } from '@runos/tool-e2e';
import { readFile } from 'node:fs/promises';

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

/** The running services of a plane, by name. */
export const servicePids = ({ pids }: PlaneInfo): readonly (readonly [string, number])[] =>
  Object.entries(pids).filter(([name]) => (serviceNames as readonly string[]).includes(name));
