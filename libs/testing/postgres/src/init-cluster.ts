import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@runos/testing-process';
import { giveTo, type Places } from './places.js';

export const superuser = 'postgres';

/**
 * Makes the data folder where there is none and answers the superuser's password, kept in `passwordFile` (0600).
 * initdb works beside the final name, which therefore never holds a half-made one; a half-made one that something
 * else left there is refused.
 */
export async function initCluster(places: Places, passwordFile: string, durable: boolean): Promise<string> {
  if (existsSync(places.cluster)) {
    refuseUnlessComplete(places);
    if (existsSync(passwordFile)) return readFileSync(passwordFile, 'utf8').trim();
    throw new Error(
      `${places.cluster} has data but ${passwordFile} is gone: put it back, or delete that data (npm run reset).`,
    );
  }
  const fresh = `${places.cluster}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  giveTo(fresh, places.user);
  const password = randomBytes(24).toString('base64url');
  const pwfile = join(fresh, '..', 'initdb-password');
  writeFileSync(pwfile, password, { mode: 0o600 });
  giveTo(pwfile, places.user);
  try {
    await runInitdb(places, fresh, pwfile, durable);
  } finally {
    rmSync(pwfile, { force: true });
  }
  writeFileAtomic(passwordFile, password);
  renameSync(fresh, places.cluster);
  return password;
}

function refuseUnlessComplete({ cluster, binaries }: Places): void {
  const complete = ['PG_VERSION', 'global/pg_control', 'postgresql.conf', 'pg_hba.conf'];
  const missing = complete.filter((file) => !existsSync(join(cluster, file)));
  if (missing.length > 0) {
    throw new Error(
      `${cluster} is not a complete PostgreSQL data folder (no ${missing[0]}): delete it to start afresh (npm run reset).`,
    );
  }
  const has = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (!existsSync(join(binaries, 'share', 'postgresql', `pg_${has}`)) && has !== major) {
    throw new Error(
      `${cluster} was made by PostgreSQL ${has}, this is ${major}: dump and restore it, or npm run reset.`,
    );
  }
}

/** Of the embedded PostgreSQL; a data folder of another major version cannot be opened. */
const major = '18';

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
