// Every `npm run` command of this repository begins here: a bare clone has neither libraries nor compiled code.
// Plain JavaScript on Node alone, for that reason.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { install } from './install.mjs';
import { useInstalledNode } from './runtime.mjs';

const root = resolve(import.meta.dirname, '../..');
const plane = [...readdirSync(join(root, 'apps')).map((app) => `apps/${app}`), 'tools/start'];
/** Every command: the projects it is compiled from (with all that they refer to), and the program it runs. */
const commands = {
  start: { projects: plane, program: 'tools/start/dist/main.js' },
  plane: { projects: plane, program: 'tools/start/dist/plane.js' },
  reset: { projects: plane, program: 'tools/start/dist/reset.js' },
  account: { projects: plane, program: 'tools/start/dist/account.js' },
  kube: { projects: ['libs/testing/kube'], program: 'libs/testing/kube/dist/main.js' },
  'nats:users': { projects: ['libs/testing/nats'], program: 'libs/testing/nats/dist/print-users.js' },
  bench: { projects: [...plane, 'tools/bench'], program: 'tools/bench/dist/main.js' },
  resilience: { projects: [...plane, 'tools/resilience'], program: 'tools/resilience/dist/main.js' },
  release: { projects: ['apps/cli', 'tools/release'], program: 'tools/release/dist/main.js' },
  'contracts:snapshot': { projects: ['tools/contracts'], program: 'tools/contracts/dist/main.js' },
  manifests: { projects: ['tools/manifests'], program: 'tools/manifests/dist/main.js' },
  build: { projects: ['.'] },
  lint: { projects: [], program: 'node_modules/nx/dist/bin/nx.js', args: ['run-many', '-t', 'lint'] },
};

const [name, ...args] = process.argv[2] in commands ? process.argv.slice(2) : ['start', ...process.argv.slice(2)];
const { projects, program, args: fixedArgs = [] } = commands[name];
try {
  install(root, print);
  await useInstalledNode(root);
  build();
} catch (error) {
  print(error.message);
  process.exit(1);
}
if (program !== undefined) {
  process.argv = [process.argv[0], join(root, program), ...fixedArgs, ...args];
  await import(join(root, program));
}

/** `tsc -b`, when any source is newer than the last build: comparing times is faster than a run of the compiler. */
function build() {
  if (projects.length === 0) return;
  const stamp = join(root, 'node_modules', `.runos-built-${projects === plane ? 'plane' : name.replace(':', '-')}`);
  const began = new Date();
  const built = program === undefined || existsSync(join(root, program));
  if (built && existsSync(stamp) && newestSourceMs() < statSync(stamp).mtimeMs) return;
  print('Compiling …');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b', ...projects], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('The sources do not compile; the reasons are above.');
  writeFileSync(stamp, '');
  utimesSync(stamp, began, began); // files written meanwhile are newer, and compiled next time
}

/** When the newest source or configuration was written, in ms. */
function newestSourceMs() {
  const skipped = new Set(['node_modules', 'dist', 'go', '.git', '.nx', '.runos']);
  const within = (folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !skipped.has(entry.name))
      .map((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return within(path);
        return /\.(ts|json)$/.test(entry.name) ? statSync(path).mtimeMs : 0;
      })
      .reduce((a, b) => Math.max(a, b), 0);
  const top = ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json'].map(
    (file) => statSync(join(root, file)).mtimeMs,
  );
  return Math.max(...top, ...['apps', 'libs', 'tools'].map((folder) => within(join(root, folder))));
}

/** On standard error: a program may read what a command answers on standard output. */
function print(line) {
  process.stderr.write(`${line}\n`);
}
