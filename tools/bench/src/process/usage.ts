import { readFile } from 'node:fs/promises';

/** What Linux counts processor time in. */
const tickMs = 10;

/** Processor time that a process has used so far, ms. */
export async function cpuMs(pid: number): Promise<number> {
  return cpuMsOf(await readFile(`/proc/${pid}/stat`, 'utf8'));
}

/** utime and stime of a line of /proc/PID/stat; the name before them may hold anything. */
export function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
