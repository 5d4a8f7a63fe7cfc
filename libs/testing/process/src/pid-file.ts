import { readFileSync, rmSync } from 'node:fs';
import { writeFileAtomic } from './write-file-atomic.js';
import { isRunning, identify, ownIdentity, type ProcessIdentity } from './process-identity.js';
import { stopProcess } from './end-process.js';

interface PidFile {
  readonly child: ProcessIdentity;
  readonly owner: ProcessIdentity;
}

/** Leaves word of a child and of us, its owner, for whoever starts next on the same data. */
export function writePidFile(path: string, pid: number): void {
  const child = identify(pid);
  if (child) writeFileAtomic(path, JSON.stringify({ child, owner: ownIdentity() } satisfies PidFile));
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}

/**
 * Ends what a killed earlier run left behind according to its pid file. Throws when the owner still lives:
 * then it is no leftover, and two programs on the same data would destroy it.
 */
export async function endPreviousProcess(path: string, options: { signal?: NodeJS.Signals; graceMs?: number } = {}) {
  const left = readPidFile(path);
  if (left && isRunning(left.child)) {
    if (isRunning(left.owner) && left.owner.pid !== process.pid) {
      throw new Error(`${path}: process ${left.child.pid} is in use by process ${left.owner.pid}; stop that one first`);
    }
    await stopProcess(left.child, options);
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
