import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The root of the repository. */
export const root = resolve(import.meta.dirname, '../../..');

const folder = join(root, 'apps/cli');

/** The compiled program that is released. */
export const sourceProgram = {
  entry: join(folder, 'dist/main.js'),
  /** @throws Error without the package.json of the program */
  get version(): string {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return version;
  },
};
