import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/**
 * Runs a script on Node with this terminal's outputs, in a process group of its own, which the signal ends as a whole.
 * Returns whether the script succeeded.
 */
export function runScript(args: readonly string[], { cwd, signal }: RunOptions): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const end = () => endGroup(child.pid);
  signal.addEventListener('abort', end, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      signal.removeEventListener('abort', end);
      resolve(code === 0);
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
