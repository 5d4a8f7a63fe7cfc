// What every `npm run` command of this repository begins with: a bare clone has neither libraries nor compiled code.
// Plain JavaScript on Node alone, for that reason.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const mains = {
  start: 'tools/start/dist/main.js',
  plane: 'tools/start/dist/plane.js',
  reset: 'tools/start/dist/reset.js',
  account: 'tools/account/dist/main.js',
  kube: 'tools/kube/dist/main.js',
};

const oldest = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  fail(`Node ${process.versions.node} is too old: this needs Node ${oldest.join('.')} or newer.`);
}

const name = process.argv[2] in mains ? process.argv[2] : 'start';
if (process.argv[2] === name) process.argv.splice(2, 1);
install();
build();
await import(join(root, mains[name]));

/** `npm ci`, once per lockfile. */
function install() {
  const stamp = join(root, 'node_modules/.runos-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Installing libraries (npm ci), about half a minute …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed; the reason is above.');
  writeFileSync(stamp, wanted);
}

/** `tsc -b`, when any source is newer than the last build: looking at times is faster than asking the compiler. */
function build() {
  const stamp = join(root, 'node_modules/.runos-built');
  const began = new Date().toISOString();
  if (existsSync(stamp) && newest() < statSync(stamp).mtimeMs && existsSync(join(root, mains[name]))) return;
  say('Compiling …');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [tsc, '-b'], 'The sources do not compile; the reasons are above.');
  writeFileSync(stamp, began);
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
