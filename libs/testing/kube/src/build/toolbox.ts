import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.js';
import { buildKey, dataFiles, type ProgramName, programs } from './recipe.js';

/** What has been built for this machine: programs, CRDs, stages. Nothing in it needs Go any more. */
export interface Toolbox {
  readonly folder: string;
  program(name: ProgramName): string;
  /** A folder of data files; its keys are those of `dataFiles`. */
  data(name: keyof typeof dataFiles): string;
}

/** The folder for this checkout's versions; another go.mod has another one beside it. */
export function toolboxFolder(): string {
  const folder = join(cacheFolder(), 'bin', buildKey());
  mkdirSync(folder, { recursive: true });
  return folder;
}

export const toolboxIn = (folder: string): Toolbox => ({
  folder,
  program: (name) => join(folder, name),
  data: (name) => join(folder, name),
});

/** Everything arrives by rename, so what exists is whole. */
export const hasProgram = (folder: string, name: ProgramName): boolean => existsSync(join(folder, name));

/** The toolbox when nothing has to be built for it any more. */
export function builtToolbox(): Toolbox | undefined {
  const folder = toolboxFolder();
  const names = [...Object.keys(programs), ...Object.keys(dataFiles)];
  return names.every((name) => existsSync(join(folder, name))) ? toolboxIn(folder) : undefined;
}
