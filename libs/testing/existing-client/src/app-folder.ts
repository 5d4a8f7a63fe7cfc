import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { bytesOf, documentOf, fileNames, overrideFile, printDocument } from './app-document.js';
import type { AppPlace, AppState, Variables } from './app-state.js';
import { parseEnvFile, printEnvFile } from './env-file.js';
import type { Row } from './wire.js';

/** The files of an app as they are on disk. */
export interface AppFolder {
  readonly folder: string;
  readonly text: string;
  readonly document: Row;
  readonly env: Variables;
  readonly secretEnv: Variables;
}

/** Writes every file of an app, as `pull` of an existing client does. */
export function writeFolder(folder: string, place: AppPlace, state: AppState): void {
  const names = fileNames(place);
  const write = (name: string, content: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content, { mode });
  };
  write(names.manifest, printDocument(documentOf(place, state)));
  if (Object.keys(state.env).length > 0) write(names.env, printEnvFile(state.env));
  if (Object.keys(state.secretEnv).length > 0) write(names.secretEnv, printEnvFile(state.secretEnv), 0o600);
  for (const { filename, content } of state.secretFiles)
    write(`.secret-files/${String(filename)}`, bytesOf(content), 0o600);
  for (const override of state.overrides) write(overrideFile(override), bytesOf(override['data']));
}

/** Reads the files of an app. Without a file of variables there are none. */
export function readFolder(folder: string, place: AppPlace): AppFolder {
  const names = fileNames(place);
  const text = readFileSync(join(folder, names.manifest), 'utf8');
  const document = parse(text) as Row;
  const variables = (name: unknown, byDefault: string): Variables => {
    const path = join(folder, typeof name === 'string' ? name : byDefault);
    return existsSync(path) ? parseEnvFile(readFileSync(path, 'utf8')) : {};
  };
  return {
    folder,
    text,
    document,
    env: variables(document['env'], names.env),
    secretEnv: variables(document['secretEnv'], names.secretEnv),
  };
}

/** The bytes of a file that `runos.yaml` names. */
export const readLocal = (folder: string, local: unknown): Buffer => readFileSync(join(folder, String(local)));
