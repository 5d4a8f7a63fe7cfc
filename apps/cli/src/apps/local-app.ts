import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AppContent, type AppFile, parseEnvFile, sideFilesOf } from '@runos/manifest';
import { CliError } from '../failure/cli-error.js';
import { located, type ManifestFile } from '../files/read-manifests.js';
import { checkPath } from '../files/write-files.js';
import { md5Of } from './server-app.js';

/** The files of an app on disk. */
export interface LocalApp extends ManifestFile<'app'> {
  readonly folder: string;
  readonly content: AppContent;
}

/**
 * Reads the files that the file of an app names.
 * @throws CliError for one that is no such file, is missing though it is named, or is outside of the folder
 */
export function readLocalApp(manifest: ManifestFile<'app'>): LocalApp {
  const { file, path } = manifest;
  const folder = dirname(path);
  const named = [...(file.secretFiles ?? []), ...(file.overrides ?? [])].map(({ local }) => local);
  const md5s = named.flatMap((local) => {
    const content = contentOf(folder, local);
    return content === undefined ? [] : [[local, md5Of(content)] as const];
  });
  return {
    ...manifest,
    folder,
    content: {
      file,
      env: variablesOf(manifest, folder, 'env'),
      secretEnv: variablesOf(manifest, folder, 'secretEnv'),
      md5s: Object.fromEntries(md5s),
    },
  };
}

/** The path of a file of variables, relative to the folder. */
export const envPathOf = (file: Pick<AppFile, 'id' | 'cid' | 'env' | 'secretEnv'>, key: 'env' | 'secretEnv'): string =>
  file[key] ?? sideFilesOf(file.cid, file.id ?? '')[key];

/** The name of a file that no field names contains the id, so before the creation there is none. */
function variablesOf({ file, path }: ManifestFile<'app'>, folder: string, key: 'env' | 'secretEnv') {
  if (file[key] === undefined && file.id === undefined) return undefined;
  const name = envPathOf(file, key);
  const content = contentOf(folder, name);
  if (content !== undefined) return located(join(folder, name), () => parseEnvFile(name, content.toString('utf8')));
  if (name === sideFilesOf(file.cid, file.id ?? '')[key]) return undefined;
  throw new CliError(`The file ${name} does not exist.`, {
    file: path,
    field: key,
    remedy: 'create it, or remove the field',
  });
}

/**
 * The bytes of a file; undefined when there is none. A user who may change the files of a repository must not make a
 * pipeline send other files of its machine.
 * @throws CliError for a file that cannot be read, and as `checkPath`
 */
export function contentOf(folder: string, name: string): Buffer | undefined {
  checkPath(folder, name);
  const path = join(folder, name);
  try {
    return readFileSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new CliError(`Cannot read ${path}: ${(error as Error).message}.`, { file: path });
  }
}
