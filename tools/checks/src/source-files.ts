import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SourceFile {
  /** From the root of the workspace. */
  readonly name: string;
  readonly text: string;
}

/** Every file of the repository that is written by hand in a programming language, generated ones left out. */
export function sourceFiles(root: string): SourceFile[] {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  return execFileSync('git', ['ls-files', '-z', 'apps', 'libs', 'tools'], options)
    .split('\0')
    .filter((name) => /\.(ts|mjs)$/.test(name) && existsSync(join(root, name)))
    .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
}

export const linesOf = ({ text }: SourceFile): number => text.split('\n').length - 1;
