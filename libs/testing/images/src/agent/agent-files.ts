import { execFile } from 'node:child_process';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The checkout that this package belongs to. */
export const repository = resolve(import.meta.dirname, '../../../../..');

export interface AgentFiles {
  /** Paths in the checkout, of files that a running agent reads from its libraries. The lockfile decides their content. */
  readonly installed: readonly string[];
  /** Likewise of the agent and of the repository's own libraries. */
  readonly own: readonly string[];
  /** Path of each link in `node_modules`, and the folder that it leads to. */
  readonly links: readonly (readonly [path: string, folder: string])[];
}

/** Types, source maps and compiled tests: nothing reads them at run time. */
const unused = /\.d\.[cm]?ts$|\.map$|\.tsbuildinfo$|\.spec\.js$|\.md$/;

/** Nested packages, which npm lists separately. */
const nested = new Set(['node_modules']);

/** Sources, tests and compiled tests. What else is in the folder of a library is data, as its protocol files. */
const sources = new Set(['node_modules', 'src', 'test', '.test']);

/** The production files of the cluster agent. @throws Error when npm finds that the installation is not complete */
export async function agentFiles(): Promise<AgentFiles> {
  const args = ['ls', '--all', '--parseable', '--omit=dev', '--workspace=apps/cluster-agent'];
  const { stdout } = await run('npm', args, { cwd: repository, maxBuffer: 16 * 1024 * 1024, timeout: 120_000 });
  const installed: string[] = [];
  const own: string[] = [];
  const links: [string, string][] = [];
  for (const path of stdout.trim().split('\n')) {
    if (path === repository) continue;
    const folder = relative(repository, await realpath(path));
    if (folder.split(sep).includes('node_modules')) {
      installed.push(...(await filesIn(folder, nested)));
      continue;
    }
    links.push([relative(repository, path), folder]);
    own.push(...(await filesIn(folder, sources)));
  }
  return { installed: installed.sort(), own: own.sort(), links: links.sort() };
}

/** All files below a folder, without those in folders of these names. */
async function filesIn(folder: string, without: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(join(repository, folder), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry): Promise<string[]> => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return without.has(entry.name) ? [] : filesIn(path, without);
      if (unused.test(entry.name)) return [];
      return (await stat(join(repository, path))).isFile() ? [path] : [];
    }),
  );
  return found.flat();
}
