import { ftruncateSync, readSync, renameSync, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { logLimitBytes } from '@runos/testing-process';
import { type DataFolder } from './data-folder.js';

/** A process that writes 4 MB/s exceeds the limit by 20 MB until the next check. */
const checkEveryMs = 5_000;

/** The folders of a plane in which processes append to `*.log`. */
export const logFoldersOf = (folder: DataFolder): string[] =>
  [['logs'], ['nats'], ['postgres'], ['kube', 'logs']].map((names) => folder.in(...names));

export interface LogRotationOptions {
  /** Called when a log cannot be rotated; the next check tries again. */
  readonly onError: (line: string) => void;
  /** A larger log is rotated, bytes. Default: as at the start of a process. */
  readonly limitBytes?: number;
  readonly everyMs?: number;
}

/**
 * Rotates the logs of running processes: a large log moves to `<name>.log.1`, which replaces the one before. Processes
 * keep their file open and append to it, so its content is copied and it is truncated.
 */
export class LogRotation {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    private readonly folders: readonly string[],
    private readonly options: LogRotationOptions,
  ) {
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#check().finally(() => this.#schedule());
    }, this.options.everyMs ?? checkEveryMs);
  }

  async #check(): Promise<void> {
    const { limitBytes = logLimitBytes, onError } = this.options;
    for (const path of (await Promise.all(this.folders.map(logsIn))).flat()) {
      try {
        if ((await stat(path)).size > limitBytes) await rotate(path);
      } catch (error) {
        onError(`${path} is not rotated: ${(error as Error).message}`);
      }
    }
  }
}

/** A folder does not exist before its process starts, and that of PostgreSQL may belong to another user. */
async function logsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.log')).map((name) => join(folder, name));
}

const bufferBytes = 1024 * 1024;

async function rotate(path: string): Promise<void> {
  const copyPath = `${path}.1.new`;
  const log = await open(path, 'r+');
  const copy = await open(copyPath, 'w', 0o600);
  try {
    const copied = await copyOf(log, copy);
    renameSync(copyPath, `${path}.1`);
    truncateAfterCopy(log.fd, copy.fd, copied);
  } catch (error) {
    await rm(copyPath, { force: true });
    throw error;
  } finally {
    await Promise.all([log.close(), copy.close()]);
  }
}

/** Copies what the log contains now; returns the number of bytes. */
async function copyOf(log: FileHandle, copy: FileHandle): Promise<number> {
  const { size } = await log.stat();
  const buffer = Buffer.allocUnsafe(bufferBytes);
  for (let copied = 0; ;) {
    const { bytesRead } = await log.read(buffer, 0, Math.min(bufferBytes, size - copied), copied);
    if (bytesRead === 0) return copied;
    await copy.write(buffer, 0, bytesRead);
    copied += bytesRead;
  }
}

/** Synchronous, so that as little as possible is written between the last read and the truncation: that part is lost. */
function truncateAfterCopy(log: number, copy: number, copied: number): void {
  const buffer = Buffer.allocUnsafe(bufferBytes);
  for (let at = copied; ;) {
    const bytes = readSync(log, buffer, 0, bufferBytes, at);
    if (bytes === 0) break;
    writeSync(copy, buffer, 0, bytes);
    at += bytes;
  }
  ftruncateSync(log, 0);
}
