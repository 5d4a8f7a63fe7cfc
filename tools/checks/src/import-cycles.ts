import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/** The files that a file imports or exports from by a relative path, also those that only give it types. */
const importsOf = ({ name, text }: SourceFile): string[] =>
  ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => posix.join(posix.dirname(name), fileName).replace(/\.js$/, '.ts'));

/**
 * Returns every group of files that import each other, directly or over other files: the strongly connected components
 * of the imports, by Tarjan's algorithm. Only relative imports count; Nx checks those between projects.
 */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map((file) => [file.name, importsOf(file)]));
  const indexes = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  /** Returns the lowest index on the stack that the file reaches. */
  const visit = (name: string): number => {
    const index = indexes.size;
    indexes.set(name, index);
    const height = stack.push(name) - 1;
    const targets = (imports.get(name) ?? []).filter((target) => imports.has(target));
    const lowest = targets.reduce((low, target) => {
      const seen = indexes.get(target);
      if (seen === undefined) return Math.min(low, visit(target));
      return stack.includes(target) ? Math.min(low, seen) : low;
    }, index);
    if (lowest < index) return lowest;
    const group = stack.splice(height);
    if (group.length > 1 || targets.includes(name)) cycles.push(group.sort());
    return lowest;
  };
  for (const { name } of files) if (!indexes.has(name)) visit(name);
  return cycles;
}
