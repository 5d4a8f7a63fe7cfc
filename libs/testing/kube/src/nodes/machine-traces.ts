import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterNetwork } from './cluster-network.js';
import { runCommand } from './run-command.js';

type Traces = Readonly<Record<string, readonly string[]>>;

/** No mount of a node is ever visible outside it. */
export const noTraces: Traces = {
  volumes: [],
  links: [],
  routes: [],
  cgroups: [],
  mounts: [],
  processes: [],
  files: [],
};

/** What a cluster of real nodes occupies on this machine: nothing, once it is stopped. */
export async function machineTraces(index: number, dataDir: string): Promise<Traces> {
  const links = JSON.parse(await runCommand('ip', ['-json', 'link'])) as readonly { ifname: string }[];
  const routes = (await runCommand('ip', ['-4', 'route'])).split('\n');
  const cgroups = await runCommand('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `runos${index}-*`]);
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const since = statSync(dataDir).birthtimeMs;
  const volumes = await runCommand('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']);
  return {
    volumes: volumes.split('\n').filter((file) => file.includes(dataDir)),
    links: links.map(({ ifname }) => ifname).filter((name) => name.startsWith(`runos${index}`)),
    routes: routes.filter((route) => route.includes(`dev runos${index} `)),
    cgroups: cgroups.split('\n').filter((folder) => folder !== ''),
    mounts: mounts.filter((mount) => mount.includes(dataDir)),
    processes: processesOf(dataDir),
    files: folders.flatMap((folder) => filesOf(folder, [dataDir, new ClusterNetwork(index).podPrefix], since)),
  };
}

/** Folders of the machine that programs of nodes would write to, whatever their settings are. */
const folders = ['/var/log/containers', '/var/lib/cni', '/opt/containerd'];

/** Files and links below a folder that are newer than the cluster's data, and name one of the words. */
function filesOf(folder: string, words: readonly string[], since: number): string[] {
  return entriesOf(folder).filter((path) => {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (!entry || entry.ctimeMs < since) return false;
    const content = entry.isSymbolicLink() ? readlinkSync(path) : entry.isFile() ? readFileSync(path, 'utf8') : '';
    return words.some((word) => content.includes(word));
  });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  } catch {
    return []; // the machine has no such folder
  }
}

/** Programs whose command names the folder, in any namespace of this machine. */
const processesOf = (dataDir: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(dataDir) ? [`${pid} ${command}`] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });
