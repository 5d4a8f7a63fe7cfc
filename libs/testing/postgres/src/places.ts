import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { writeFileAtomic } from '@runos/testing-process';
import { installedBinaries } from './binaries.js';
import { canEnter, canRun, unprivilegedUser, type User } from './unprivileged.js';

/** Where root's unprivileged PostgreSQL lives when it may not enter the folders it was given. */
const systemFolder = '/var/lib/runos';

export interface Places {
  /** undefined: as ourselves. */
  readonly user: User | undefined;
  /** The folder with bin, lib, share. */
  readonly binaries: string;
  /** PostgreSQL's own data folder; it need not exist yet, its parent does and belongs to `user`. */
  readonly cluster: string;
}

/**
 * Decides where PostgreSQL runs from and keeps its data. Started by root below a folder that others may not enter
 * (a home folder of mode 0700), the unprivileged user could reach neither: both then move to /var/lib/runos.
 */
export function choosePlaces(dataDir: string): Places {
  const unprivileged = unprivilegedUser();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const cluster = join(clusterParent(dataDir, unprivileged), 'cluster');
  const user = ownerOf(cluster, unprivileged);
  return { user, binaries: reachableBinaries(user), cluster };
}

/** Existing data is served by whom it belongs to: root may find what an ordinary user made, or another daemon user. */
function ownerOf(cluster: string, unprivileged: User | undefined): User | undefined {
  if (!existsSync(cluster)) return unprivileged;
  const { uid, gid } = statSync(cluster);
  if (unprivileged) return uid === 0 ? unprivileged : { uid, gid };
  if (uid === process.getuid?.()) return undefined;
  throw new Error(`${cluster} belongs to uid ${uid}: start as root or as that user, or use another data folder.`);
}

/** Removes the data of `dataDir`, also what had to live elsewhere. Only while nothing runs on it. */
export function removePostgresData(dataDir: string): void {
  rmSync(elsewhere(dataDir), { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
}

const elsewhere = (dataDir: string): string =>
  join(systemFolder, 'postgres', createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16));

function clusterParent(dataDir: string, user: User | undefined): string {
  if (!user) return dataDir;
  chmodSync(dataDir, 0o711); // the unprivileged user may enter it but not list it
  if (canEnter(dataDir, user)) return dataDir;
  const parent = elsewhere(dataDir);
  // Without the pointer this data belonged to a deleted folder of the same name.
  if (!existsSync(join(dataDir, pointer))) rmSync(parent, { recursive: true, force: true });
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  writeFileAtomic(join(dataDir, pointer), `${parent}\n`);
  return parent;
}

/** In the data folder: where its data had to go. */
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
  const fresh = mkdtempSync(join(dirname(to), `.${basename(to)}-`));
  cpSync(from, fresh, { recursive: true, verbatimSymlinks: true });
  openUp(fresh);
  try {
    renameSync(fresh, to);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(to)) throw error; // else another start was quicker, with the same files
  }
}

function openUp(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) openUp(inner);
    else if (entry.isFile()) chmodSync(inner, statSync(inner).mode & 0o111 ? 0o755 : 0o644);
  }
  chmodSync(path, 0o755);
}

/** Gives a path to the user PostgreSQL runs as. */
export function giveTo(path: string, user: User | undefined): void {
  if (user) chownSync(path, user.uid, user.gid);
}
