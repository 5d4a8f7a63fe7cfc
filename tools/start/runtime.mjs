import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** The oldest Node that the services, the tests and the tools run on. */
const oldestMajor = 24;

/**
 * Returns when this process runs on the Node that npm installed. Otherwise it starts this program again on that Node
 * and ends with its exit code. Where npm has no Node for the platform, a new enough Node of the machine is used.
 * Everything started later finds the same Node as `node` on PATH and as `process.execPath`.
 * @throws Error with one sentence when there is no Node to run on
 */
export async function useInstalledNode(root) {
  const folder = join(root, `node_modules/node-${process.platform}-${process.arch}`);
  const node = join(folder, 'bin/node');
  const { node: running } = process.versions;
  if (!existsSync(node)) {
    if (Number(running.split('.')[0]) >= oldestMajor) return;
    throw new Error(
      `RunOS runs on Node ${oldestMajor} or newer, this is Node ${running}, and npm has no Node for ` +
        `${process.platform}-${process.arch}: install Node ${oldestMajor}.`,
    );
  }
  process.env.PATH = [dirname(node), process.env.PATH].join(delimiter);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (running === version && process.execPath === realpathSync(node)) return endWithParent();
  process.exit(await runAgain(node));
}

/** In a process group of its own, so that a Ctrl-C of the terminal arrives once: forwarded from here. */
function runAgain(node) {
  const args = [...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(node, args, { detached: true, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${node} cannot be run: ${error.message}`)));
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** The channel to the first process closes when that process is killed; without this, everything would go on. */
function endWithParent() {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
