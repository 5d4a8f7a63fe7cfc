import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CliPlatform } from '@runos/api';
import { root } from './source-program.js';

const ownPlatform = `${process.platform}-${process.arch}`;

/** Bytes 0 to 3 and the type of processor: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html and mach-o/loader.h. */
const formats: Readonly<
  Record<CliPlatform, { readonly magic: number; readonly at: number; readonly machine: number }>
> = {
  'linux-x64': { magic: 0x464c457f, at: 18, machine: 0x3e },
  'linux-arm64': { magic: 0x464c457f, at: 18, machine: 0xb7 },
  'darwin-x64': { magic: 0xfeedfacf, at: 4, machine: 0x0007 },
  'darwin-arm64': { magic: 0xfeedfacf, at: 4, machine: 0x000c },
};

/** A program of Node for a platform. */
export interface NodeBinary {
  readonly file: string;
  readonly content: Buffer;
  /** It is for the platform that runs here. */
  readonly isOwn: boolean;
}

/**
 * The given one; otherwise that of this process, or of the package `node-<platform>`.
 * @throws Error when there is no program of Node for this platform, and of the version that runs here
 */
export function nodeBinaryFor(platform: CliPlatform, given: string | undefined): NodeBinary {
  const isOwn = platform === ownPlatform;
  const installed = join(root, `node_modules/node-${platform}/bin/node`);
  const file = given ?? (isOwn ? process.execPath : installed);
  if (!existsSync(file))
    throw new Error(
      `There is no Node for ${platform}: ${file} does not exist. Unpack Node ${process.version} for ${platform}, and add --node ${platform}=FILE.`,
    );
  const content = readFileSync(file);
  const { magic, at, machine } = formats[platform];
  if (content.length < 64 || content.readUInt32LE(0) !== magic || content.readUInt16LE(at) !== machine)
    throw new Error(`${file} is no program for ${platform}. Add --node ${platform}=FILE with one that is.`);
  if (!content.includes(process.version))
    throw new Error(`${file} is another version of Node than ${process.version}, which makes the executable.`);
  return { file, content, isOwn };
}
