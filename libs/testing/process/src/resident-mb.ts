import { readFile } from 'node:fs/promises';

/** Resident memory of a process, MB of a million bytes. @throws Error when there is no such process */
export async function residentMb(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} is gone`);
  return (Number(kib) * 1024) / 1e6;
}
