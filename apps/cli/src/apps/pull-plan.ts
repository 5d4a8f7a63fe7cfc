import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AppFile,
  appFromServer,
  compareApp,
  editAppFile,
  type FieldChange,
  printAppFile,
  printEnvFile,
} from '@runos/manifest';
import { ignoreFile } from './ignore-file.js';
import { checkPath, type PlannedFile, statOf } from '../files/write-files.js';
import { envPathOf, type LocalApp } from './local-app.js';
import { md5Of, serverContent, type ServerApp } from './server-app.js';

/** Where the files of an app are to be. */
export interface PullTarget {
  readonly folder: string;
  /** Of the file of the app. */
  readonly fileName: string;
  /** What is there already. */
  readonly local?: LocalApp | undefined;
}

/** What a pull is to write. */
export interface PullPlan {
  readonly next: AppFile;
  readonly files: readonly PlannedFile[];
  /** The names of secret files whose content is missing or differs. */
  readonly wanted: readonly { readonly filename: string; readonly path: string }[];
  /** What would be lost. */
  readonly edits: readonly FieldChange[];
}

/** Compares, and plans the files that differ in meaning. @throws CliError for a path that leads out of the folder */
export function planPull(server: ServerApp, target: PullTarget, keepEnv: boolean): PullPlan {
  const { local, folder, fileName } = target;
  const next = appFromServer(server.shown, local?.file);
  const changes = local === undefined ? [] : compareApp(local.content, serverContent(server, next));
  const isKept = ({ key }: FieldChange) => keepEnv && (key === 'env' || key === 'secretEnv');
  const text = local === undefined ? printAppFile(next) : editAppFile(local.text, next, server.shown.app);
  const overrides = (next.overrides ?? []).map(({ id = '', local: path }) => ({
    path,
    content: server.overrides.get(id) ?? Buffer.alloc(0),
  }));
  const files: PlannedFile[] = [
    { path: fileName, content: Buffer.from(text) },
    ...(keepEnv
      ? []
      : [...envFile('env', next, server, target, changes), ...envFile('secretEnv', next, server, target, changes)]),
    ...overrides,
  ];
  const secrets = (next.secretFiles ?? []).map(({ filename = '', local: path, md5 }) => ({ filename, path, md5 }));
  const wanted = secrets.filter(({ path, md5 }) => md5In(folder, path) !== md5);
  const known = new Set([fileName, ...Object.keys(local?.content.md5s ?? {})]);
  if (local?.content.env !== undefined) known.add(envPathOf(local.file, 'env'));
  if (local?.content.secretEnv !== undefined) known.add(envPathOf(local.file, 'secretEnv'));
  const inTheWay = [
    ...files.filter(({ path, content }) => isOther(folder, path, content)).map(({ path }) => path),
    ...wanted.filter(({ path }) => statOf(join(folder, path)) !== undefined).map(({ path }) => path),
  ].filter((path) => local === undefined || !known.has(path));
  return {
    next,
    files: [...files, ignoreFile(folder, next, server.shown.app.id)],
    wanted,
    edits: [
      ...changes.filter((change) => change.kind !== 'only_server' && !isKept(change)),
      ...inTheWay.map((path): FieldChange => ({ field: path, key: path, kind: 'changed', isContent: true })),
    ],
  };
}

/** An existing file gets the variables that it lacks; with others, it is replaced as a whole. */
function envFile(
  key: 'env' | 'secretEnv',
  next: AppFile,
  server: ServerApp,
  { folder, local }: PullTarget,
  changes: readonly FieldChange[],
): PlannedFile[] {
  const path = envPathOf(next, key);
  const isSecret = key === 'secretEnv';
  const fileOf = (text: string): PlannedFile[] => [{ path, content: Buffer.from(text), isSecret }];
  const variables = server[key];
  if (local?.content[key] === undefined)
    return Object.keys(variables).length === 0 ? [] : fileOf(printEnvFile(variables));
  const own = changes.filter((change) => change.key === key);
  checkPath(folder, path);
  const text = readFileSync(join(folder, path), 'utf8');
  if (own.some(({ kind }) => kind !== 'only_server')) return fileOf(printEnvFile(variables));
  const missing = own.map(({ field }) => field.slice(key.length + 1));
  const added = printEnvFile(Object.fromEntries(missing.map((name) => [name, variables[name] ?? ''])));
  return fileOf(text === '' || text.endsWith('\n') || added === '' ? text + added : `${text}\n${added}`);
}

function isOther(folder: string, path: string, content: Buffer): boolean {
  checkPath(folder, path);
  const file = join(folder, path);
  return statOf(file) !== undefined && !readFileSync(file).equals(content);
}

function md5In(folder: string, path: string): string | undefined {
  checkPath(folder, path);
  const file = join(folder, path);
  return statOf(file) === undefined ? undefined : md5Of(readFileSync(file));
}

/** The name of the file of an app in a folder: the short one unless another such file is there. */
export const fileNameIn = (names: readonly string[], cid: string, id: string): string =>
  names.length === 0 ? 'runos.yaml' : `runos.${cid}.${id}.yaml`;
