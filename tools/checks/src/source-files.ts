import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from './tally.js';

export interface SourceFile {
  /** Path relative to the root of the workspace. */
  readonly name: string;
  readonly text: string;
}

/** Every TypeScript and JavaScript file of the repository; git does not list generated ones. */
export const sourceFiles = (root: string): SourceFile[] => filesIn(root, ['apps', 'libs', 'tools'], /\.(ts|mjs)$/);

/** The files of these folders whose names match. New ones count before they are added. */
export function filesIn(root: string, folders: readonly string[], names: RegExp): SourceFile[] {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  return execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...folders], options)
    .split('\0')
    .filter((name) => names.test(name) && existsSync(join(root, name)))
    .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
}

/** A longer file holds more than one subject. */
const maxLines = 300;

/** Prints how long the source files are; fails when one is too long. */
export function checkFileSizes(root: string, print: (line: string) => void): Outcome {
  const files = sourceFiles(root)
    .map(({ name, text }) => ({ name, lines: text.split('\n').length - 1 }))
    .sort((a, b) => b.lines - a.lines);
  const median = files[Math.floor(files.length / 2)]?.lines ?? 0;
  print(`${files.length} source files, median ${median} lines; the longest:`);
  for (const { name, lines } of files.slice(0, 5)) print(`  ${lines} ${name}`);
  const tooLong = files.filter(({ lines }) => lines > maxLines).map(({ name }) => name);
  return tooLong.length === 0 || `longer than ${maxLines} lines: ${tooLong.join(', ')}`;
}
