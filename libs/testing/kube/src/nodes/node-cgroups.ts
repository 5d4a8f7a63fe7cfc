import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The cgroups of one node: below those of this process, one in each hierarchy. */
export interface NodeCgroups {
  /** The folders, which disappear with the node. */
  readonly folders: readonly string[];
  /** The files to which a process of the node writes its number in order to enter. */
  readonly entries: readonly string[];
  /** The same for the process outside that starts the node. */
  readonly startEntries: readonly string[];
  /** The hierarchies of version 1, as comma-separated controllers; empty with version 2. */
  readonly hierarchies: readonly string[];
}

const root = '/sys/fs/cgroup';

/** The cgroups that a node of this name has; creates nothing. */
export function cgroupsOf(name: string, lines = readFileSync('/proc/self/cgroup', 'utf8')): NodeCgroups {
  const own = lines
    .trim()
    .split('\n')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line)?.slice(1) as [string, string]);
  const v1 = own.filter(([controllers]) => controllers !== '');
  if (v1.length === 0) {
    const folder = join(root, own[0]?.[1] ?? '/', name);
    const entry = (name: string): string[] => [join(folder, name, 'cgroup.procs')];
    return { folders: [folder], entries: entry('init'), startEntries: entry('outside'), hierarchies: [] };
  }
  const hierarchies = v1.map(([controllers]) => controllers.replace(/^name=/, ''));
  const folders = v1.map(([, path], number) => join(root, hierarchies[number] as string, path, name));
  const entries = folders.map((folder) => join(folder, 'cgroup.procs'));
  return { folders, entries, startEntries: entries, hierarchies };
}

/** Creates the cgroups. A cpuset of version 1 starts empty and admits no process until it has processors and memory. */
export function createCgroups({ folders, entries, startEntries, hierarchies }: NodeCgroups): void {
  folders.forEach((folder, number) => {
    mkdirSync(folder, { recursive: true });
    if (!hierarchies[number]?.split(',').includes('cpuset')) return;
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      writeFileSync(join(folder, file), readFileSync(join(folder, '..', file)));
  });
  if (hierarchies.length === 0)
    for (const entry of [...entries, ...startEntries]) mkdirSync(join(entry, '..'), { recursive: true });
}

/** Removes the folders with their children, the deepest first. Their processes have ended. */
export function removeCgroups(folders: readonly string[]): void {
  for (const folder of folders) if (existsSync(folder)) removeTree(folder);
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  rmdirSync(folder);
}
