import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { endPreviousProcess, stopProcess, identify } from '@runos/testing-process';

/**
 * Stops the server of a killed previous run on this data folder, found by `pidFile` or postmaster.pid.
 * @throws Error when the process that started the server still runs
 */
export async function stopPreviousServer(cluster: string, pidFile: string): Promise<void> {
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
