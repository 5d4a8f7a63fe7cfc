import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The oldest Node that can start: it installs, and then hands over to the installed Node. */
const oldest = [20, 19];

/**
 * Runs `npm ci` when the installed libraries differ from the lockfile; npm lists what it installed in `node_modules`.
 * Plain JavaScript on Node alone, because a bare clone has nothing else.
 * @throws Error with one sentence when Node is too old or npm fails
 */
export function install(root, print) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
    throw new Error(`Node ${process.versions.node} is too old: Node ${oldest.join('.')} or newer starts RunOS.`);
  }
  const packagesIn = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {});
  const locked = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(join(root, 'node_modules/.package-lock.json'));
  const differs = ([path, { version, link, optional }]) => {
    const found = installed[path];
    if (found === undefined) return !optional; // of another platform
    return found.version !== version || found.link !== link;
  };
  if (!Object.entries(locked).some((entry) => entry[0].startsWith('node_modules/') && differs(entry))) return;
  print('Installing libraries (npm ci), about half a minute …');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: pathWithout(join(root, 'node_modules')) },
    stdio: ['ignore', 2, 2],
  });
  if (npm.error) throw new Error(`npm cannot be run: ${npm.error.message}`);
  if (npm.status !== 0) throw new Error('npm ci failed; the reason is above.');
}

/** npm deletes `node_modules` first, so it must not run on the Node in there. */
const pathWithout = (folder) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.startsWith(folder))
    .join(delimiter);
