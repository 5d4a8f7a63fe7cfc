import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleScript } from './bundle.js';
import { makeExecutable } from './executable.js';
import { licencesOf } from './licences.js';
import { makeNpmPackage } from './npm-package.js';
import { nodeBinaryFor } from './node-binary.js';
import type { ReleaseOptions } from './options.js';

/**
 * Writes the npm package and the executables. Answers their paths.
 * @throws Error when there is no Node for one of the platforms
 */
export async function makeRelease({ folder, platforms, nodes }: ReleaseOptions): Promise<readonly string[]> {
  const binaries = platforms.map((platform) => ({ platform, node: nodeBinaryFor(platform, nodes.get(platform)) }));
  mkdirSync(folder, { recursive: true });
  const files = [await makeNpmPackage(folder)];
  const script = join(folder, 'runos.cjs');
  try {
    writeFileSync(join(folder, 'LICENCES.md'), licencesOf(await bundleScript(script)));
    for (const binary of binaries) files.push(await makeExecutable({ ...binary, script, folder }));
    return files;
  } finally {
    rmSync(script, { force: true });
  }
}
