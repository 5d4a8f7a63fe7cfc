import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppFile } from '@runos/manifest';
import { checkPath, type PlannedFile, statOf } from '../files/write-files.js';
import { envPathOf } from './local-app.js';

type SecretPaths = Pick<AppFile, 'id' | 'cid' | 'env' | 'secretEnv' | 'secretFiles'>;

/** Before an app has its id, the name of its secret variables is not known. */
const secretVariables = (file: SecretPaths): string =>
  file.id === undefined && file.secretEnv === undefined ? '.runos.*.env' : envPathOf(file, 'secretEnv');

/**
 * The `.gitignore` of a folder, which keeps the secrets of its app out of a repository. Lines that are there already stay.
 * @throws CliError as `checkPath`
 */
export function ignoreFile(folder: string, file: SecretPaths, app: string): PlannedFile {
  const path = '.gitignore';
  checkPath(folder, path);
  const text = statOf(join(folder, path)) === undefined ? '' : readFileSync(join(folder, path), 'utf8');
  const lines = text.split(/\r?\n/);
  const secrets = [`/${secretVariables(file)}`, '/.secret-files/'];
  const others = (file.secretFiles ?? [])
    .map(({ local }) => `/${local}`)
    .filter((line) => !line.startsWith('/.secret-files/'));
  const missing = [...secrets, ...others].filter((line) => !lines.includes(line));
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  const head = text === '' ? `# Secrets of app ${app}\n` : '';
  return { path, content: Buffer.from(missing.length === 0 ? text : `${start}${head}${missing.join('\n')}\n`) };
}
