import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom PostgreSQL runs as when we are root, which it refuses to be: `postgres` where the machine has that user,
 * else `nobody`. undefined for an ordinary user, who runs it as himself.
 */
export function unprivilegedUser(passwd = () => readFileSync('/etc/passwd', 'utf8')): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entries = passwd()
    .split('\n')
    .map((line) => line.split(':'));
  const entry = ['postgres', 'nobody'].map((name) => entries.find(([user]) => user === name)).find(Boolean);
  if (!entry) {
    throw new Error('PostgreSQL refuses to run as root, and /etc/passwd has neither "postgres" nor "nobody" to be.');
  }
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Whether that user may enter a folder: every folder above it has a say. */
export function canEnter(folder: string, user: User | undefined): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { cwd: '/', stdio: 'ignore', ...user }).status === 0;
}

/** Whether that user may run this program, libraries included. */
export function canRun(program: string, user: User | undefined): boolean {
  return spawnSync(program, ['--version'], { cwd: '/', stdio: 'ignore', ...user }).status === 0;
}
