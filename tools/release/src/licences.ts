import type { Metafile } from 'esbuild';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The licences of the libraries that a bundle contains, as Markdown. */
export function licencesOf({ inputs }: Metafile): string {
  const folders = Object.keys(inputs).flatMap(
    (file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
  );
  const sections = [...new Set(folders)].map((folder) => licenceIn(resolve(folder)));
  return ['# Licences of the libraries in this program', ...sections.sort()].join('\n\n') + '\n';
}

function licenceIn(folder: string): string {
  const {
    name,
    version,
    license = 'not stated',
  } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const file = readdirSync(folder).find((one) => /^licen[cs]e(\.\w+)?$/i.test(one));
  const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  return `## ${name} ${version} (${license})${text}`;
}
