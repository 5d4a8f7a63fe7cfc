import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { waitUntil } from '@runos/testing-process';

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

/** Controllers without which the limits of pods fail. */
const requiredControllers: readonly string[] = ['cpu', 'cpuset', 'memory', 'pids'];

/** The controllers that a cgroup of version 2 gives to its children. */
const givenControllers = (folder: string): string => readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8');

/**
 * The cgroups that a node of this name has; creates nothing. In version 2, a cgroup with processes gives its children no
 * controllers. The node is then below the next cgroup above that gives them, as systemd's root does.
 * @throws Error where this process has no cgroup
 */
export function cgroupsOf(
  name: string,
  lines = readFileSync('/proc/self/cgroup', 'utf8'),
  given = givenControllers,
): NodeCgroups {
  const own = lines.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers, path }];
  });
  const [first] = own;
  if (first === undefined) throw new Error('/proc/self/cgroup names no cgroup of this process');
  const v1 = own.filter(({ controllers }) => controllers !== '');
  if (v1.length === 0) {
    const folder = join(root, givingAncestor(first.path, given), name);
    const entry = (name: string): string[] => [join(folder, name, 'cgroup.procs')];
    return { folders: [folder], entries: entry('init'), startEntries: entry('outside'), hierarchies: [] };
  }
  const hierarchies = v1.map(({ controllers }) => controllers.replace(/^name=/, ''));
  const folders = v1.map(({ path }, number) => join(root, hierarchies[number] as string, path, name));
  const entries = folders.map((folder) => join(folder, 'cgroup.procs'));
  return { folders, entries, startEntries: entries, hierarchies };
}

/** The nearest cgroup from here upwards that gives all required controllers, or this one. */
function givingAncestor(path: string, given: (folder: string) => string): string {
  for (let above = path; ; above = dirname(above)) {
    const controllers = given(join(root, above)).split(/\s/);
    if (requiredControllers.every((controller) => controllers.includes(controller))) return above;
    if (dirname(above) === above) return path;
  }
}

/** The required controllers that the cgroups of a node lack, once they are created. */
export function missingControllers(
  { folders, hierarchies }: NodeCgroups,
  read = (file: string): string => readFileSync(file, 'utf8'),
): string[] {
  const available =
    hierarchies.length > 0
      ? hierarchies.flatMap((hierarchy) => hierarchy.split(','))
      : folders.flatMap((folder) => read(join(folder, 'cgroup.controllers')).split(/\s/));
  return requiredControllers.filter((controller) => !available.includes(controller));
}

/** Creates the cgroups. A cpuset of version 1 starts empty and admits no process until it has processors and memory. */
export function createCgroups({ folders, entries, startEntries, hierarchies }: NodeCgroups): void {
  folders.forEach((folder, number) => {
    createFolder(folder);
    if (!hierarchies[number]?.split(',').includes('cpuset')) return;
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      writeFileSync(join(folder, file), readFileSync(join(folder, '..', file)));
  });
  if (hierarchies.length === 0) for (const entry of [...entries, ...startEntries]) createFolder(dirname(entry));
}

/** As `mkdirSync` with `recursive`, which reports the missing folder instead of a read-only file system. */
function createFolder(folder: string): void {
  if (existsSync(folder)) return;
  createFolder(dirname(folder));
  mkdirSync(folder);
}

/** Removes the folders with their children, the deepest first. Their processes have ended. */
export function removeCgroups(folders: readonly string[]): void {
  for (const folder of folders) if (existsSync(folder)) removeTree(folder);
}

/**
 * Removes the cgroups of a node whose first process was killed. The kernel ends the others a moment later.
 * @throws Error when processes are still in them after ten seconds
 */
export async function removeLeftCgroups(folders: readonly string[]): Promise<void> {
  const areRemoved = (): boolean => {
    try {
      removeCgroups(folders);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      throw error;
    }
  };
  await waitUntil(areRemoved, { because: () => `Processes remain in ${folders.join(', ')}` });
}

function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(join(folder, entry.name));
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // its node removed it meanwhile
  }
}
