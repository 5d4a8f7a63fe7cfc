import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, ownIdentity, type ProcessIdentity, writeFileAtomic } from '@runos/testing-process';

/** Everything a plane is, in one folder: data, secrets, logs, and a lock that keeps a second plane away. */
export class DataFolder {
  constructor(readonly path: string) {}

  in(...names: string[]): string {
    return join(this.path, ...names);
  }

  /**
   * Takes the folder for this process; makes it when it does not exist.
   * @throws Error with one sentence when a living process has it.
   */
  take(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    // PostgreSQL refuses to be root; its user passes through this folder to its own, and can list nothing here.
    if (process.getuid?.() === 0) chmodSync(this.path, 0o711);
    mkdirSync(this.in('logs'), { recursive: true, mode: 0o700 });
    for (let attempt = 1; ; attempt += 1) {
      try {
        writeFileSync(this.#lock, JSON.stringify(ownIdentity()), { flag: 'wx', mode: 0o600 });
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
      rmSync(this.#lock, { force: true });
    }
  }

  release(): void {
    rmSync(this.#lock, { force: true });
  }

  /** The living process that has the folder. */
  holder(): ProcessIdentity | undefined {
    const holder = this.readJson<ProcessIdentity>('lock.json');
    return holder && isRunning(holder) ? holder : undefined;
  }

  /** undefined where there is no such file, or only a half-written one. */
  readJson<T>(name: string): T | undefined {
    if (!existsSync(this.in(name))) return undefined;
    try {
      return JSON.parse(readFileSync(this.in(name), 'utf8')) as T;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Readable by its owner only: nearly everything here is or names a secret. */
  writeJson(name: string, value: unknown): void {
    writeFileAtomic(this.in(name), `${JSON.stringify(value, null, 2)}\n`);
  }

  get #lock(): string {
    return this.in('lock.json');
  }
}
