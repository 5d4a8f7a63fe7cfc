import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { endPreviousProcess, stopProcess, identify } from '@runos/testing-process';

/**
 * Ends a server that a killed earlier run left on this data folder. Our own pid file names it; postmaster.pid does
 * where that is missing. A server in the care of a living process is not a leftover: that throws.
 */
export async function stopPreviousServer(cluster: string, pidFile: string): Promise<void> {
  await endPreviousProcess(pidFile, { signal: 'SIGINT' }); // SIGINT = fast shutdown: clients are cut, nothing is lost
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

/** A postmaster works in its data folder, so a number that another program has taken over is not mistaken for it. */
function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // gone meanwhile, not ours to see, or no /proc: PostgreSQL itself then refuses to start
  }
}
