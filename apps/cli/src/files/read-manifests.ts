import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Fault } from '@runos/kernel';
import { type FileIssue, type Manifest, readManifest } from '@runos/manifest';
import { CliError } from '../failure/cli-error.js';
import { checkPath } from './write-files.js';

/** A file of an app or a service on disk. */
export interface ManifestFile<Kind extends Manifest['kind'] = Manifest['kind']> {
  readonly path: string;
  readonly text: string;
  readonly file: Extract<Manifest, { kind: Kind }>['file'];
}

/**
 * Reads no file outside of its folder: an error would quote a part of it.
 * @throws CliError with line and column when there is no such file, or it is no file of this kind; as `checkPath`
 */
export function readManifestFile<Kind extends Manifest['kind']>(path: string, kind: Kind): ManifestFile<Kind> {
  checkPath(dirname(path), basename(path));
  const text = readText(path);
  const manifest = located(path, () => readManifest(basename(path), text));
  if (manifest.kind !== kind) throw new CliError(`${basename(path)} describes no ${kind}.`, { file: path });
  return { path, text, file: manifest.file as ManifestFile<Kind>['file'] };
}

/** The result of reading a file; its faults get the place. @throws CliError */
export function located<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const [issue] = (error.details.issues ?? []) as readonly FileIssue[];
    throw new CliError(error.message, {
      code: error.code,
      file: path,
      line: issue?.line,
      column: issue?.column,
      field: issue?.path === '' ? undefined : issue?.path,
    });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : (error as Error).message;
    throw new CliError(`Cannot read ${path}: ${reason}.`, { file: path });
  }
}

/** The files of a folder that describe what exists, and the errors of those that cannot be read. */
export function manifestsIn<Kind extends Manifest['kind']>(
  folder: string,
  kind: Kind,
): { readonly files: readonly ManifestFile<Kind>[]; readonly errors: readonly CliError[] } {
  const files: ManifestFile<Kind>[] = [];
  const errors: CliError[] = [];
  for (const name of namesIn(folder, kind)) {
    try {
      files.push(readManifestFile(join(folder, name), kind));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      errors.push(error);
    }
  }
  return { files, errors };
}

/** Names that may be of such files. Source: existing clients. */
export function namesIn(folder: string, kind: Manifest['kind']): readonly string[] {
  const isService = (name: string) => name.startsWith('runos.service.');
  try {
    return readdirSync(folder)
      .filter((name) => name.includes('runos') && /\.ya?ml$/.test(name) && isService(name) === (kind === 'service'))
      .sort();
  } catch {
    return [];
  }
}

/**
 * The one file of a folder that is meant.
 * @param isMeant narrows them down
 * @throws CliError when there is none or more than one
 */
export function onlyManifestIn<Kind extends Manifest['kind']>(
  folder: string,
  kind: Kind,
  isMeant: (file: ManifestFile<Kind>['file']) => boolean = () => true,
): ManifestFile<Kind> {
  const { files, errors } = manifestsIn(folder, kind);
  const meant = files.filter(({ file }) => isMeant(file));
  const [first, second] = meant;
  const [error] = errors;
  if (first === undefined && error !== undefined) throw error;
  if (first === undefined)
    throw new CliError(`There is no file of ${kind === 'app' ? 'an app' : 'a service'} in ${folder}.`, {
      remedy: kind === 'app' ? 'runos apps pull --app-id ID' : 'runos services pull --type TYPE --id ID',
    });
  if (second !== undefined)
    throw new CliError(`There are several files: ${meant.map(({ path }) => basename(path)).join(', ')}.`, {
      remedy: 'name one of them',
    });
  return first;
}
