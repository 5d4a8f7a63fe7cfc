import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliFileName, type CliPlatform } from '@runos/api';
import { inject } from 'postject';
import type { NodeBinary } from './node-binary.js';

/** Of Node: it finds its program by it. https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html */
const sentinelFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** An executable to make. */
export interface ExecutableRequest {
  readonly platform: CliPlatform;
  /** The bundled program, as one CommonJS file. */
  readonly script: string;
  readonly folder: string;
  readonly node: NodeBinary;
}

/**
 * Writes the program with Node in one file, and its SHA-256 beside it. An executable for macOS has to be signed there
 * (`codesign --sign - FILE`) before it runs. Answers the path of the file.
 * @throws Error when Node makes no program of the script
 */
export async function makeExecutable({ platform, script, folder, node }: ExecutableRequest): Promise<string> {
  const { content, isOwn } = node;
  const file = join(folder, cliFileName(platform));
  const next = `${file}.next`;
  try {
    const blob = programBlob(script, `${file}.blob`, isOwn);
    writeFileSync(next, content);
    chmodSync(next, 0o755);
    const machoSegmentName = platform.startsWith('darwin') ? 'NODE_SEA' : undefined;
    await inject(next, 'NODE_SEA_BLOB', blob, { sentinelFuse, ...(machoSegmentName && { machoSegmentName }) });
    const made = readFileSync(next);
    writeFileSync(file, made);
    chmodSync(file, 0o755);
    writeFileSync(`${file}.sha256`, `${createHash('sha256').update(made).digest('hex')}  ${cliFileName(platform)}\n`);
    return file;
  } finally {
    rmSync(next, { force: true });
  }
}

/** The program in the form that Node reads. Compiled code is of one platform, so that others start without it. */
function programBlob(script: string, output: string, useCodeCache: boolean): Buffer {
  const settings = `${output}.json`;
  const config = { main: script, output, useCodeCache, useSnapshot: false, disableExperimentalSEAWarning: true };
  try {
    writeFileSync(settings, JSON.stringify(config));
    const { status, stderr } = spawnSync(process.execPath, ['--experimental-sea-config', settings], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`Node made no program of ${script}: ${stderr.trim()}`);
    return readFileSync(output);
  } finally {
    for (const one of [settings, output]) rmSync(one, { force: true });
  }
}
