import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { CliError } from '../failure/cli-error.js';

/** A file to write into a folder. */
export interface PlannedFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly content: Buffer;
  /** Whether its owner alone may read it. */
  readonly isSecret?: boolean;
}

const modes = { file: 0o644, secretFile: 0o600, folder: 0o755, secretFolder: 0o700 } as const;
const permissions = 0o777;

/** What stands at a path, without following a link; undefined for nothing. */
export const statOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

/**
 * Writes all files or none: first beside their places, then each by one rename. What is equal stays untouched, and a
 * file that is no secret keeps its mode.
 * @returns the paths of the files that were written
 * @throws CliError when a path leads out of the folder, also by a symbolic link, or cannot be written
 */
export function writeFiles(folder: string, files: readonly PlannedFile[]): readonly string[] {
  const first = mkdirSync(folder, { recursive: true, mode: modes.folder });
  const created = first === undefined ? [] : [first];
  const staged: { readonly next: string; readonly path: string }[] = [];
  try {
    for (const { path } of files) checkPath(folder, path);
    const written = files.filter((file) => !isEqual(folder, file));
    for (const file of written) {
      const path = join(folder, file.path);
      const made = makeFolder(dirname(path), file);
      if (made !== undefined) created.push(made);
      const next = join(dirname(path), `.${process.pid}.${staged.length}.runos`);
      staged.push({ next, path });
      stage(next, file, modeFor(path, file));
    }
    for (const { next, path } of staged) renameSync(next, path);
    return written.map(({ path }) => path);
  } catch (error) {
    for (const { next } of staged) rmSync(next, { force: true });
    for (const made of created.toReversed()) rmSync(made, { recursive: true, force: true });
    if (error instanceof CliError) throw error;
    throw new CliError(`Cannot write into ${folder}: ${(error as Error).message}.`, { file: folder });
  }
}

/** @throws CliError when the path is outside of the folder, or a symbolic link stands there or leads out of it */
export function checkPath(folder: string, path: string): void {
  const refuse = (why: string): never => {
    throw new CliError(`Cannot use ${path}: ${why}.`, {
      file: join(folder, path),
      remedy: 'remove it, or name another file',
    });
  };
  const full = join(folder, path);
  if (isAbsolute(path) || !isInside(folder, full)) refuse('it is outside of the folder');
  const root = statOf(folder) === undefined ? undefined : realpathSync(folder);
  if (root === undefined) return;
  const parts = relative(folder, full).split(sep);
  for (let count = 1; count < parts.length; count += 1) {
    const parent = join(folder, ...parts.slice(0, count));
    if (statOf(parent) === undefined) return;
    if (!isInside(root, realpathSync(parent))) refuse('a symbolic link leads out of the folder');
  }
  const stat = statOf(full);
  if (stat?.isSymbolicLink() === true) refuse('it is a symbolic link');
  if (stat !== undefined && !stat.isFile()) refuse('it is no file');
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function isEqual(folder: string, file: PlannedFile): boolean {
  const path = join(folder, file.path);
  const stat = statOf(path);
  return (
    stat !== undefined && (stat.mode & permissions) === modeFor(path, file) && readFileSync(path).equals(file.content)
  );
}

function modeFor(path: string, { isSecret = false }: PlannedFile): number {
  if (isSecret) return modes.secretFile;
  return (statOf(path)?.mode ?? modes.file) & permissions;
}

/** The first folder that did not exist. */
function makeFolder(folder: string, { isSecret = false, path }: PlannedFile): string | undefined {
  const isOwn = isSecret && dirname(path) !== '.';
  const first = mkdirSync(folder, { recursive: true, mode: isOwn ? modes.secretFolder : modes.folder });
  if (isOwn && dirname(path).startsWith('.')) chmodSync(folder, modes.secretFolder);
  return first;
}

function stage(path: string, { content }: PlannedFile, mode: number): void {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  const handle = openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, modes.secretFile);
  try {
    writeFileSync(handle, content);
    fchmodSync(handle, mode);
  } finally {
    closeSync(handle);
  }
}
