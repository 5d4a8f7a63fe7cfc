import { accessSync, constants, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { buildKey, dataFiles, type ProgramName, programs } from './recipe.js';

/** The results of the build for this machine: programs, CRDs and stages. */
export interface Toolbox {
  readonly folder: string;
  program(name: ProgramName): string;
  /** A folder of data files; its keys are those of `dataFiles`. */
  data(name: keyof typeof dataFiles): string;
}

/** The folder for the versions of this checkout's go.mod. */
export function toolboxFolder(): string {
  const folder = join(cacheFolder(), 'bin', buildKey());
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The toolbox whose programs and data are in this folder. */
export const toolboxIn = (folder: string): Toolbox => ({
  folder,
  program: (name) => join(folder, name),
  data: (name) => join(folder, name),
});

/** Programs are renamed into place, so an existing one is complete. */
export const hasProgram = (folder: string, name: string): boolean => existsSync(join(folder, name));

/** The toolbox when it is complete. */
export function builtToolbox(): Toolbox | undefined {
  const folder = toolboxFolder();
  const names = [...Object.keys(programs), ...Object.keys(dataFiles)];
  return names.every((name) => existsSync(join(folder, name))) ? toolboxIn(folder) : undefined;
}

/**
 * The folder of all builds of this user, shared by all checkouts: XDG_CACHE_HOME, else ~/.cache. When neither is
 * writable (a read-only home, a daemon user), it is the temporary folder.
 * @throws Error when neither folder can be written, and when other users can write to the second
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, temporary = tmpdir()): string {
  const usual = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'runos');
  if (isWritable(usual)) return usual;
  const fallback = join(temporary, `runos-cache-${userInfo().uid}`);
  if (!isWritable(fallback))
    throw new Error(`Neither ${usual} nor ${fallback} can be written: set XDG_CACHE_HOME to a folder that can.`);
  if (isOwn(fallback)) return fallback;
  throw new Error(
    `${usual} cannot be written, and other users can write to ${fallback}: set XDG_CACHE_HOME to a folder of your own.`,
  );
}

/** Whether no other user can put programs there: each can create a folder in the temporary one. */
function isOwn(folder: string): boolean {
  const { uid, mode } = lstatSync(folder);
  return uid === userInfo().uid && (mode & constants.S_IFMT) === constants.S_IFDIR && (mode & 0o022) === 0;
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false; // the caller tries another folder, and reports both
  }
}

/** Excludes concurrent builds on one machine: the second waits for the first, half an hour at most. */
export async function withLock<T>(folder: string, name: string, work: () => Promise<T>): Promise<T> {
  const release = await lock(folder, {
    lockfilePath: `${folder}.${name}.lock`,
    stale: 15_000, // the lock of a killed builder expires after this
    update: 3_000,
    retries: { retries: 3_600, factor: 1, minTimeout: 500, maxTimeout: 500 },
  });
  try {
    return await work();
  } finally {
    await release();
  }
}
