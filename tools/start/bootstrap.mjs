// What every `npm run` command of this repository begins with: a bare clone has neither libraries nor compiled code.
// Plain JavaScript on Node alone, for that reason.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { install } from './install.mjs';

const root = resolve(import.meta.dirname, '../..');
const plane = [...readdirSync(join(root, 'apps')).map((app) => `apps/${app}`), 'tools/start', 'tools/account'];
/** Every command: its main program, and the projects it is compiled from (with all that they refer to). */
const commands = {
  start: { main: 'tools/start/dist/main.js', projects: plane },
  plane: { main: 'tools/start/dist/plane.js', projects: plane },
  reset: { main: 'tools/start/dist/reset.js', projects: plane },
  account: { main: 'tools/account/dist/main.js', projects: plane },
  kube: { main: 'libs/testing/kube/dist/main.js', projects: ['libs/testing/kube'] },
};

const name = process.argv[2] in commands ? process.argv[2] : 'start';
if (process.argv[2] === name) process.argv.splice(2, 1);
const command = commands[name];
try {
  install(root, say);
} catch (error) {
  fail(error.message);
}
build();
await import(join(root, command.main));

/** `tsc -b`, when any source is newer than the last build: looking at times is faster than asking the compiler. */
function build() {
  const stamp = join(root, 'node_modules', `.runos-built-${command === commands.kube ? 'kube' : 'plane'}`);
  const began = new Date();
  if (existsSync(stamp) && newest() < statSync(stamp).mtimeMs && existsSync(join(root, command.main))) return;
  say('Compiling …');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [tsc, '-b', ...command.projects], 'The sources do not compile; the reasons are above.');
  writeFileSync(stamp, '');
  utimesSync(stamp, began, began); // what was written meanwhile is newer, and compiled next time
}

/** When the youngest source or configuration was written, in ms. */
function newest() {
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

function run(command, args, otherwise) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) fail(`${command} cannot be run: ${error.message}`);
  if (status !== 0) fail(otherwise);
}

/** On standard error: what a command answers on standard output may be read by a program. */
function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}
