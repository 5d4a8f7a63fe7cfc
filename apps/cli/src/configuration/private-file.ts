import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError } from '../failure/cli-error.js';

const folderMode = 0o700;
const fileMode = 0o600;

/** The text of a file; undefined when there is none. @throws CliError when it cannot be read */
export function readPrivateFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(`Cannot read ${file}: ${(error as Error).message}.`, { file });
  }
}

/** Replaces the file as a whole, readable by its owner alone. @throws CliError when it cannot be written */
export function writePrivateFile(file: string, text: string): void {
  const next = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: folderMode });
    writeFileSync(next, text, { mode: fileMode });
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw new CliError(`Cannot write ${file}: ${(error as Error).message}.`, { file });
  }
}
