import { isRunning, type ProcessIdentity } from './process-identity.js';
import { waitUntil } from './wait-until.js';

/** Asks with `signal`, insists with SIGKILL after `graceMs`; resolves when the process is gone. */
export async function stopProcess(
  identity: ProcessIdentity,
  { signal = 'SIGTERM', graceMs = 8_000 }: { signal?: NodeJS.Signals; graceMs?: number } = {},
): Promise<void> {
  const gone = (): boolean => !isRunning(identity);
  const wait = (deadlineMs: number): Promise<void> =>
    waitUntil(gone, { deadlineMs, because: () => `Process ${identity.pid} does not end, even by SIGKILL` });
  if (!tell(identity, signal)) return;
  await wait(graceMs).catch(async () => {
    tell(identity, 'SIGKILL');
    await wait(5_000);
  });
}

/** False when it is gone already. */
function tell(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
