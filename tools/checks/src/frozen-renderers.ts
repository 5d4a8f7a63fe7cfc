import { createHash } from 'node:crypto';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** The folders of frozen renderers, of the helpers that they share, and of the merge rules of overrides. */
const frozenFolders = [
  'libs/catalog/types/src/*/v[0-9]*',
  'libs/catalog/model/src/render-v[0-9]*',
  'libs/kube/merge-patch/src/v[0-9]*',
];

/** What runs: types and comments do not count. */
const codeOf = (source: string): string =>
  ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext, removeComments: true },
  }).outputText;

/** SHA-256 of the code of each frozen folder below `root`, by its path. */
export function frozenDigests(root: string): Record<string, string> {
  const folders = globSync(frozenFolders, { cwd: root }).sort();
  return Object.fromEntries(folders.map((folder) => [folder, digestOf(join(root, folder))]));
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  for (const file of files.sort()) hash.update(`${file}\n${codeOf(readFileSync(join(folder, file), 'utf8'))}\n`);
  return hash.digest('hex');
}
