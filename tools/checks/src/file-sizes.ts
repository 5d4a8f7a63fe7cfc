import { linesOf, sourceFiles } from './source-files.js';
import type { Outcome } from './tally.js';

/** Longer files are two things in one. */
const longest = 300;

/** Prints how long the source files are; none may be too long. */
export function fileSizes(root: string, print: (line: string) => void): Outcome {
  const files = sourceFiles(root)
    .map((file) => ({ name: file.name, lines: linesOf(file) }))
    .sort((a, b) => b.lines - a.lines);
  const median = files[Math.floor(files.length / 2)]?.lines ?? 0;
  print(`${files.length} source files, median ${median} lines; the longest:`);
  for (const { name, lines } of files.slice(0, 5)) print(`  ${lines} ${name}`);
  const tooLong = files.filter(({ lines }) => lines > longest).map(({ name }) => name);
  return tooLong.length === 0 || `longer than ${longest} lines: ${tooLong.join(', ')}`;
}
