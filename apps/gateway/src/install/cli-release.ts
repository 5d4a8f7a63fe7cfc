import { Injectable } from '@nestjs/common';
import { cliFileName, type CliPlatform, cliPlatforms } from '@runos/api';
import { InjectConfig } from '@runos/messaging';
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfig } from '../config.js';

/** An executable that this plane offers. */
export interface OfferedExecutable {
  readonly platform: CliPlatform;
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

interface KnownDigest {
  /** Changes with the content of the file. */
  readonly version: string;
  readonly sha256: Promise<string>;
}

/** The executables of the program `runos` in the configured folder. Only the names of known platforms are opened. */
@Injectable()
export class CliRelease {
  readonly #digests = new Map<CliPlatform, KnownDigest>();

  constructor(@InjectConfig() private readonly config: GatewayConfig) {}

  /** The platforms that have an executable now. */
  async offered(): Promise<readonly OfferedExecutable[]> {
    const all = await Promise.all(cliPlatforms.map((platform) => this.find(platform)));
    return all.filter((one) => one !== undefined);
  }

  /** undefined for a platform without an executable. */
  async find(name: string): Promise<OfferedExecutable | undefined> {
    const found = await this.open(name);
    await found?.file.close();
    return found?.executable;
  }

  /** As `find`, with the open file, which the caller closes. A replaced file does not change what was opened. */
  async open(name: string): Promise<{ readonly executable: OfferedExecutable; readonly file: FileHandle } | undefined> {
    const platform = cliPlatforms.find((one) => one === name);
    const { cliFolder } = this.config;
    if (platform === undefined || cliFolder === undefined) return undefined;
    const path = join(cliFolder, cliFileName(platform));
    const file = await open(path).catch(missing);
    if (file === undefined) return undefined;
    try {
      const { size, mtimeMs, ino } = await file.stat();
      const sha256 = await this.#digestOf(platform, path, `${ino} ${size} ${mtimeMs}`);
      return { executable: { platform, size, sha256 }, file };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Read once for each version of a file; concurrent requests share it. */
  #digestOf(platform: CliPlatform, path: string, version: string): Promise<string> {
    const known = this.#digests.get(platform);
    if (known?.version === version) return known.sha256;
    const sha256 = digestOf(path);
    this.#digests.set(platform, { version, sha256 });
    sha256.catch(() => this.#digests.delete(platform));
    return sha256;
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
