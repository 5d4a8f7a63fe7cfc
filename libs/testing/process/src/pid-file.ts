import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identify, isRunning, ownIdentity, type ProcessIdentity, stopProcess } from './process-identity.js';

/** Readers see the old content or the new, never a part of it; `mode` holds even where the umask is wider. */
export function writeFileAtomic(path: string, content: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode });
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}

interface PidFile {
  readonly child: ProcessIdentity;
  readonly owner: ProcessIdentity;
}

/** Records a child and its owner, this process, for the next program that starts on the same data. */
export function writePidFile(path: string, pid: number): void {
  const child = identify(pid);
  if (child) writeFileAtomic(path, JSON.stringify({ child, owner: ownIdentity() } satisfies PidFile));
}

/** Removes a pid file, if it exists. */
export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}

/**
 * Ends the process that an earlier, killed run left running according to its pid file.
 * @throws Error when the owner still runs, because two programs on the same data would destroy it
 */
export async function endPreviousProcess(path: string, options: { signal?: NodeJS.Signals; graceMs?: number } = {}) {
  const previous = readPidFile(path);
  if (previous && isRunning(previous.child)) {
    const { child, owner } = previous;
    if (isRunning(owner) && owner.pid !== process.pid) {
      throw new Error(`${path}: process ${child.pid} is in use by process ${owner.pid}; stop that one first`);
    }
    await stopProcess(child, options);
  }
  removePidFile(path);
}

function readPidFile(path: string): PidFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PidFile;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
