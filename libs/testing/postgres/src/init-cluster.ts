import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@runos/testing-process';
import { changeOwner, type Places } from './places.js';

export const superuser = 'postgres';

/**
 * Creates the data folder when it is missing and returns the superuser's password from `passwordFile` (0600). `initdb`
 * runs in a temporary folder that is renamed, so the data folder is never incomplete.
 * @throws Error for an incomplete data folder, a missing password file or data of another major version
 */
export async function initCluster(places: Places, passwordFile: string, durable: boolean): Promise<string> {
  if (existsSync(places.cluster)) {
    refuseUnlessComplete(places);
    if (existsSync(passwordFile)) return readFileSync(passwordFile, 'utf8').trim();
    throw new Error(
      `${places.cluster} has data but ${passwordFile} is missing: restore it, or delete the data (npm run reset).`,
    );
  }
  const temporary = `${places.cluster}.new`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { mode: 0o700 });
  changeOwner(temporary, places.user);
  const password = randomBytes(24).toString('base64url');
  const pwfile = join(temporary, '..', 'initdb-password');
  writeFileSync(pwfile, password, { mode: 0o600 });
  changeOwner(pwfile, places.user);
  try {
    await runInitdb(places, temporary, pwfile, durable);
  } finally {
    rmSync(pwfile, { force: true });
  }
  writeFileAtomic(passwordFile, password);
  renameSync(temporary, places.cluster);
  return password;
}

function refuseUnlessComplete(places: Places): void {
  const { cluster, binaries } = places;
  const complete = ['PG_VERSION', 'global/pg_control', 'postgresql.conf', 'pg_hba.conf'];
  const missing = complete.filter((file) => !existsSync(join(cluster, file)));
  if (missing.length > 0) {
    throw new Error(
      `${cluster} is not a complete PostgreSQL data folder (no ${missing[0]}): delete it to create a new one (npm run reset).`,
    );
  }
  const version = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  const major = majorOf(places);
  if (!existsSync(join(binaries, 'share', 'postgresql', `pg_${version}`)) && version !== major) {
    throw new Error(
      `${cluster} was created by PostgreSQL ${version}, this is ${major}: dump and restore it, or run npm run reset.`,
    );
  }
}

/** The major version of the programs, which cannot open data of another one. */
export function majorOf({ binaries, user }: Places): string {
  const { stdout } = spawnSync(join(binaries, 'bin', 'postgres'), ['--version'], {
    cwd: '/',
    encoding: 'utf8',
    ...user,
  });
  return /\(PostgreSQL\) ([0-9]{1,3})/.exec(stdout)?.[1] ?? '';
}

async function runInitdb(places: Places, folder: string, pwfile: string, durable: boolean): Promise<void> {
  const args = ['-D', folder, '-U', superuser, '-A', 'scram-sha-256', `--pwfile=${pwfile}`, '--encoding=UTF8'];
  const child = spawn(
    join(places.binaries, 'bin', 'initdb'),
    [...args, '--locale=C.UTF-8', ...(durable ? [] : ['--no-sync'])],
    { cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'], ...places.user },
  );
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code !== 0) throw new Error(`initdb failed in ${folder} (code ${code}):\n${output.trimEnd()}`);
}
