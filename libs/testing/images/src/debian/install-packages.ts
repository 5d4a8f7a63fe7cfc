import { setPriority } from 'node:os';
import { join } from 'node:path';
import { startChild } from '@runos/testing-process';
import { aptOptions, withoutSources } from './apt-sources.js';

/** The Debian release that the images are made of. */
export const suite = 'trixie';

/** A minimal Debian with more packages. */
export interface DebianRoot {
  readonly packages: readonly string[];
  /** Files of packages that are left out, as patterns of dpkg's `path-exclude`. */
  readonly excluded?: readonly string[];
  /** Shell commands with the new root in `$1`: before the packages are installed. */
  readonly before?: readonly string[];
  /** Likewise, after they are installed. */
  readonly after?: readonly string[];
}

/** Files that no container reads. */
const documentation = ['/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/share/man/*'];

/** The arguments of mmdebstrap that decide the content, without the mirror. */
export function contentOptions({ packages, excluded = [], before = [], after = [] }: DebianRoot): string[] {
  return [
    '--variant=minbase',
    `--include=${packages.join(',')}`,
    '--components=main',
    '--skip=output/dev', // the container runtime makes devices itself
    ...[...documentation, ...excluded].map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...before.map((command) => `--essential-hook=${command}`),
    ...after.map((command) => `--customize-hook=${command}`),
    `--customize-hook=${withoutSources}`,
  ];
}

/**
 * mmdebstrap mounts /proc, /sys and parts of /dev below the new root, and a signal does not reach all of its processes.
 * Both end with these namespaces, so nothing of the machine is mounted where a later run deletes files.
 */
const namespaces = ['--mount', '--pid', '--mount-proc', '--fork', '--kill-child=SIGKILL', '--'];

/** A mirror may hang; the largest image takes two minutes, ms. */
const defaultDeadlineMs = 30 * 60_000;

/**
 * Installs packages of Debian into an empty root file system and writes it as a tar file. Half a minute to two minutes.
 * @param folder holds the intermediate files; its owner deletes it
 * @throws Error with the last lines of mmdebstrap, also when it does not end within half an hour
 */
export async function installPackages(
  root: DebianRoot,
  target: string,
  folder: string,
  signal?: AbortSignal,
  deadlineMs = defaultDeadlineMs,
): Promise<void> {
  signal?.throwIfAborted();
  const { options, mirrors } = await aptOptions(suite, folder);
  const child = await startChild({
    name: 'mmdebstrap',
    command: 'unshare',
    args: [...namespaces, 'mmdebstrap', '--mode=root', ...options, ...contentOptions(root), suite, target, ...mirrors],
    env: { ...process.env, TMPDIR: folder, LC_ALL: 'C.UTF-8' },
    logFile: join(folder, 'mmdebstrap.log'),
    deathSignal: 'SIGKILL',
  });
  setPriority(child.pid, 10);
  const stop = (): void => void child.stop({ signal: 'SIGKILL' });
  const timer = setTimeout(stop, deadlineMs);
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop(); // while it was started
  try {
    const outcome = await child.ended;
    signal?.throwIfAborted();
    if (outcome !== 'mmdebstrap ended with code 0') throw new Error(`${outcome}:\n${child.lastLogLines(12)}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
