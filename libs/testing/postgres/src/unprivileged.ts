import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user PostgreSQL runs as when the current user is root, which PostgreSQL refuses: `postgres` if that user exists,
 * else `nobody`. undefined when the current user is not root.
 */
export function unprivilegedUser(passwd = () => readFileSync('/etc/passwd', 'utf8')): User | undefined {
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
export function canEnter(folder: string, user: User | undefined): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { cwd: '/', stdio: 'ignore', ...user }).status === 0;
}

/** Whether a user may run a program and load its libraries. */
export function canRun(program: string, user: User | undefined): boolean {
  return spawnSync(program, ['--version'], { cwd: '/', stdio: 'ignore', ...user }).status === 0;
}
