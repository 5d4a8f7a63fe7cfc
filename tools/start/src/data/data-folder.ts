import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, ownIdentity, type ProcessIdentity, writeFileAtomic } from '@runos/testing-process';

/** The folder of a plane: data, secrets, logs, and a lock that excludes a second plane. */
export class DataFolder {
  constructor(readonly path: string) {}

  in(...names: string[]): string {
    return join(this.path, ...names);
  }

  /**
   * Locks the folder for this process; creates it when it does not exist.
   * @throws Error with one sentence when a running process holds the lock
   */
  lock(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    // PostgreSQL does not run as root: its user passes through this folder to its own, and cannot list this one.
    if (process.getuid?.() === 0) chmodSync(this.path, 0o711);
    mkdirSync(this.in('logs'), { recursive: true, mode: 0o700 });
    for (let attempt = 1; ; attempt += 1) {
      try {
        writeFileSync(this.#lockFile, JSON.stringify(ownIdentity()), { flag: 'wx', mode: 0o600 });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error;
      }
      const holder = this.holder();
      if (holder) {
        throw new Error(
          `A plane runs on ${this.path} already (process ${holder.pid}): stop it first, or use another folder with --data.`,
        );
      }
      rmSync(this.#lockFile, { force: true });
    }
  }

  unlock(): void {
    rmSync(this.#lockFile, { force: true });
  }

  /** The running process that holds the lock. */
  holder(): ProcessIdentity | undefined {
    const holder = this.readJson<ProcessIdentity>('lock.json');
    return holder && isRunning(holder) ? holder : undefined;
  }

  /** undefined when there is no such file, or its content is incomplete. */
  readJson<T>(name: string): T | undefined {
    if (!existsSync(this.in(name))) return undefined;
    try {
      return JSON.parse(readFileSync(this.in(name), 'utf8')) as T;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Readable by its owner only, because nearly every file here contains a secret. */
  writeJson(name: string, value: unknown): void {
    writeFileAtomic(this.in(name), `${JSON.stringify(value, null, 2)}\n`);
  }

  get #lockFile(): string {
    return this.in('lock.json');
  }
}
