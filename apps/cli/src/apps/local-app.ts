import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AppContent, type AppFile, parseEnvFile, sideFilesOf } from '@runos/manifest';
import { CliError } from '../failure/cli-error.js';
import { located, type ManifestFile } from '../files/read-manifests.js';
import { md5Of } from './server-app.js';

/** The files of an app on disk. */
export interface LocalApp extends ManifestFile<'app'> {
  readonly folder: string;
  readonly content: AppContent;
}

/** Reads the files that the file of an app names. @throws CliError for one that is no such file, or is missing though it is named */
export function readLocalApp(manifest: ManifestFile<'app'>): LocalApp {
  const { file, path } = manifest;
  const folder = dirname(path);
  const named = [...(file.secretFiles ?? []), ...(file.overrides ?? [])].map(({ local }) => local);
  const md5s = named.flatMap((local) => {
    const content = contentOf(join(folder, local));
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
export const envPathOf = (file: AppFile, key: 'env' | 'secretEnv'): string =>
  file[key] ?? sideFilesOf(file.cid, file.id ?? '')[key];

function variablesOf({ file, path }: ManifestFile<'app'>, folder: string, key: 'env' | 'secretEnv') {
  const name = envPathOf(file, key);
  const content = contentOf(join(folder, name));
  if (content !== undefined) return located(join(folder, name), () => parseEnvFile(name, content.toString('utf8')));
  if (name === sideFilesOf(file.cid, file.id ?? '')[key]) return undefined;
  throw new CliError(`The file ${name} does not exist.`, {
    file: path,
    field: key,
    remedy: 'create it, or remove the field',
  });
}

/** The bytes of a file; undefined when there is none. @throws CliError for one that cannot be read */
export function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new CliError(`Cannot read ${path}: ${(error as Error).message}.`, { file: path });
  }
}
