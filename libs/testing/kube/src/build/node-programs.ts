import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, type Compilation, compile } from './build.js';
import { buildFlags, moduleFolder } from './recipe.js';
import { cacheFolder, hasProgram, withLock } from './toolbox.js';

/** The Go module that pins the programs of nodes which are not part of Kubernetes. */
const nodesModule = join(import.meta.dirname, '..', '..', 'go-nodes');

/** Programs of one module with the same flags. */
interface Group extends Omit<Compilation, 'run'> {
  readonly module: string;
  readonly cgo: boolean;
}

const plain = ['-trimpath', '-gcflags=all=-dwarf=false', '-ldflags', '-s -w'];

const kubernetes = {
  title: 'kubelet',
  module: moduleFolder,
  cgo: false,
  flags: buildFlags(),
  programs: { kubelet: 'k8s.io/kubernetes/cmd/kubelet', 'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy' },
} as const satisfies Group;

const containers = {
  title: 'containerd',
  module: nodesModule,
  cgo: false,
  flags: plain,
  programs: {
    containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
    'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
    ctr: 'github.com/containerd/containerd/v2/cmd/ctr',
    bridge: 'github.com/containernetworking/plugins/plugins/main/bridge',
    loopback: 'github.com/containernetworking/plugins/plugins/main/loopback',
    'host-local': 'github.com/containernetworking/plugins/plugins/ipam/host-local',
    portmap: 'github.com/containernetworking/plugins/plugins/meta/portmap',
  },
} as const satisfies Group;

/** runc enters namespaces in C before Go starts, and filters system calls by libseccomp. */
const runtime = {
  title: 'runc',
  module: nodesModule,
  cgo: true,
  flags: [...plain, '-tags', 'seccomp'],
  programs: { runc: 'github.com/opencontainers/runc' },
} as const satisfies Group;

/** Programs that run in pods, from images without any library: never with cgo. */
const inPods = {
  title: 'CoreDNS and storage',
  module: nodesModule,
  cgo: false,
  flags: plain,
  programs: {
    coredns: 'github.com/coredns/coredns',
    'local-path-provisioner': 'github.com/rancher/local-path-provisioner',
    manager: 'github.com/cloudnative-pg/cloudnative-pg/cmd/manager',
  },
} as const satisfies Group;

const groups = [kubernetes, containers, runtime, inPods] as const;

type ProgramsOf<T extends Group> = T extends Group ? keyof T['programs'] : never;
/** A program of a real node. `manager` is CloudNativePG's operator. */
export type NodeProgramName = ProgramsOf<(typeof groups)[number]>;

/** The programs of real nodes, built for this machine. */
export interface NodePrograms {
  readonly folder: string;
  program(name: NodeProgramName): string;
}

/** Changes whenever the result of a build would change. */
function buildKey(): string {
  const hash = createHash('sha256');
  for (const module of [moduleFolder, nodesModule])
    for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(module, file)));
  const recipes = groups.map(({ cgo, flags, programs }) => ({ cgo, flags, programs }));
  hash.update(JSON.stringify([recipes, process.platform, process.arch]));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Builds what real nodes need beside the toolbox: six minutes once per machine, at low priority.
 * @throws Error with the compiler's last lines; runc needs a C compiler and the headers of libseccomp
 */
export async function buildNodePrograms(options: BuildOptions = {}): Promise<NodePrograms> {
  const folder = join(cacheFolder(), 'bin', `nodes-${buildKey()}`);
  mkdirSync(folder, { recursive: true });
  const missing = (): Group[] => groups.filter(({ programs }) => Object.keys(programs).some((name) => !has(name)));
  const has = (name: string): boolean => hasProgram(folder, name);
  if (missing().length > 0) {
    await withLock(folder, 'all', async () => {
      for (const group of missing()) await buildGroup(folder, group, options);
    });
  }
  return { folder, program: (name) => join(folder, name) };
}

function buildGroup(folder: string, group: Group, { onProgress, signal }: BuildOptions): Promise<void> {
  const { module: cwd, cgo, ...compilation } = group;
  const run = { cwd, env: { CGO_ENABLED: cgo ? '1' : '0' }, signal, background: true };
  return compile(folder, { ...compilation, run }, onProgress);
}
