import { build, type BuildOptions, type Metafile } from 'esbuild';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { sourceProgram } from './source-program.js';

/** Its CommonJS form would have no named exports where it is imported at run time. */
const yamlModules = () => join(createRequire(sourceProgram.entry).resolve('yaml/package.json'), '../browser/index.js');

const common = (): BuildOptions => ({
  bundle: true,
  platform: 'node',
  target: 'node24',
  alias: { yaml: yamlModules() },
  define: { 'globalThis.runosVersion': JSON.stringify(sourceProgram.version) },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none', // the licences are in a file of their own
  metafile: true,
  logLevel: 'error',
});

/**
 * Writes the program and its libraries as ECMAScript modules: `main.mjs`, and a file for each part that is loaded only
 * where it is used. Answers what they were made of.
 */
export async function bundleModules(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    ...common(),
    metafile: true,
    entryPoints: { main: sourceProgram.entry },
    format: 'esm',
    splitting: true,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    // Libraries that are CommonJS require modules of Node.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  });
  return metafile;
}

/** Writes the program and its libraries as one CommonJS file, which a single executable needs. */
export async function bundleScript(file: string): Promise<Metafile> {
  const { metafile } = await build({
    ...common(),
    metafile: true,
    entryPoints: [sourceProgram.entry],
    format: 'cjs',
    outfile: file,
    // Read only without the version that is defined above.
    logOverride: { 'empty-import-meta': 'silent' },
  });
  return metafile;
}
