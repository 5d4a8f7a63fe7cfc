import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const oldest = [20, 19];

/**
 * `npm ci`, where what is installed is not what the lockfile says; npm notes what it installed beside it. Plain
 * JavaScript on Node alone, since a bare clone has nothing else. Throws one sentence when
 * Node is too old or npm fails.
 */
export function install(root, say) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
    throw new Error(`Node ${process.versions.node} is too old: this needs Node ${oldest.join('.')} or newer.`);
  }
  const noted = join(root, 'node_modules/.package-lock.json');
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const there = existsSync(noted) ? JSON.parse(readFileSync(noted, 'utf8')).packages : {};
  const missing = Object.entries(wanted).some(
    ([path, { version, link, optional }]) =>
      path.startsWith('node_modules/') && !optional && (there[path]?.version !== version || there[path]?.link !== link),
  );
  if (!missing) return;
  say('Installing libraries (npm ci), about half a minute …');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.error) throw new Error(`npm cannot be run: ${npm.error.message}`);
  if (npm.status !== 0) throw new Error('npm ci failed; the reason is above.');
}
