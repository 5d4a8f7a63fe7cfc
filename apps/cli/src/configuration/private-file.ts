import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError } from '../failure/cli-error.js';

const folderMode = 0o700;
const fileMode = 0o600;

/** The text of a file; undefined when there is none. @throws CliError when it cannot be read */
export function readPrivateFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isAbsent(file, error as NodeJS.ErrnoException)) return undefined;
    throw new CliError(`Cannot read ${file}: ${(error as Error).message}.`, { file });
  }
}

/** Also in a home folder that this user may not read, or that is none. */
function isAbsent(file: string, { code }: NodeJS.ErrnoException): boolean {
  if (code === 'ENOENT' || code === 'ENOTDIR') return true;
  return code === 'EACCES' && !existsSync(file);
}

/** Replaces the file as a whole, readable by its owner alone. @throws CliError when it cannot be written */
export function writePrivateFile(file: string, text: string): void {
  const next = `${file}.${process.pid}`;
  try {
    makeFolder(dirname(file));
    writeFileSync(next, text, { mode: fileMode });
    renameSync(next, file);
  } catch (error) {
    if (existsSync(next)) rmSync(next);
    throw new CliError(`Cannot write ${file}: ${(error as Error).message}.`, { file });
  }
}

/** The home folder must be there: with `recursive`, Node never returns in some special file systems. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: folderMode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
