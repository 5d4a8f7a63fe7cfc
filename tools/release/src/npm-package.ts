import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleModules } from './bundle.js';
import { licencesOf } from './licences.js';
import { root, sourceProgram } from './source-program.js';

const readme = `# runos

The command line of RunOS, a control plane for Kubernetes clusters.

\`\`\`sh
npm install --global runos
runos login --api-url https://api.example.com
runos --help
\`\`\`

It needs Node 24 or newer.
`;

const manifest = () => ({
  name: 'runos',
  version: sourceProgram.version,
  description: 'The command line of RunOS, a control plane for Kubernetes clusters.',
  license: 'Apache-2.0',
  type: 'module',
  bin: { runos: 'bin/runos.mjs' },
  files: ['bin', 'lib', 'LICENCES.md'],
  engines: { node: '>=24' },
});

/**
 * Writes the package \`runos\`, which contains its libraries, and packs it. Answers the path of the tarball.
 * @throws Error when npm does not pack it
 */
export async function makeNpmPackage(folder: string): Promise<string> {
  const content = join(folder, 'npm');
  rmSync(content, { recursive: true, force: true });
  mkdirSync(join(content, 'bin'), { recursive: true });
  const metafile = await bundleModules(join(content, 'lib'));
  writeFileSync(join(content, 'bin/runos.mjs'), "#!/usr/bin/env node\nimport '../lib/main.mjs';\n", { mode: 0o755 });
  writeFileSync(join(content, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  writeFileSync(join(content, 'README.md'), readme);
  writeFileSync(join(content, 'LICENCES.md'), licencesOf(metafile));
  copyFileSync(join(root, 'LICENSE'), join(content, 'LICENSE'));
  const packed = spawnSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: content, encoding: 'utf8' });
  if (packed.status !== 0) throw new Error(`npm did not pack the program: ${packed.stderr || packed.error?.message}`);
  return join(folder, `runos-${sourceProgram.version}.tgz`);
}
