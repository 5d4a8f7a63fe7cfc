import { existsSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { removePostgresData } from '@runos/testing-postgres';
import { DataFolder } from './data/data-folder.js';
import { defaultData } from './options.js';

/** `npm run reset [-- --data DIR]`: deletes the data of a plane, except the development cluster of `npm run kube`. */
function reset(path: string): string {
  const folder = new DataFolder(path);
  if (!existsSync(path)) return `There is nothing in ${path}.`;
  const holder = folder.holder();
  if (holder) throw new Error(`A plane runs on ${path} (process ${holder.pid}): stop it first.`);
  if (readdirSync(path).length > 0 && !looksLikeOurs(folder)) {
    throw new Error(`${path} is not the data of a plane (it has no secrets.json): nothing was deleted.`);
  }
  removePostgresData(folder.in('postgres'));
  // secrets.json identifies the folder and goes last, so that an interrupted reset can be repeated.
  const names = readdirSync(path).filter((name) => name !== 'kube-dev' && name !== 'secrets.json');
  for (const name of [...names, 'secrets.json']) rmSync(folder.in(name), { recursive: true, force: true });
  return `The data in ${path} is deleted.`;
}

/** A mistake in --data must not delete a user's home folder. */
const looksLikeOurs = (folder: DataFolder): boolean =>
  ['secrets.json', 'dev.json', 'kube-dev'].some((name) => existsSync(folder.in(name)));

try {
  const { values } = parseArgs({ options: { data: { type: 'string', default: defaultData } } });
  process.stdout.write(`${reset(resolve(values.data))}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
