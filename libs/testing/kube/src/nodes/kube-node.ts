import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Child,
  type ChildSpec,
  endPreviousProcess,
  identify,
  type ProcessIdentity,
  type Running,
  startChild,
  Supervised,
  waitUntil,
  waitUntilReady,
} from '@runos/testing-process';
import { connectNode } from './cluster-network.js';
import { cgroupsOf, createCgroups, type NodeCgroups, removeLeftCgroups } from './node-cgroups.js';
import { containerdSocket, type NodeFiles, type NodeSpec, writeNodeFiles } from './node-files.js';
import { runCommand } from './run-command.js';

/** Where a node's processes and logs are, and whom it reports to. */
export interface NodeOptions {
  readonly spec: NodeSpec;
  /** The number of all nodes of the cluster. */
  readonly nodes: number;
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly cgroups: NodeCgroups;
  readonly onEvent?: (line: string) => void;
  /** Called with the outermost process of each start, for the machine's record. */
  readonly onStarted: (init: ProcessIdentity) => void;
}

const initScript = join(import.meta.dirname, '..', '..', 'nodes', 'init.sh');

/** Enters the cgroups that CGROUPS names, then becomes the program. */
const inCgroups = 'for entry in $CGROUPS; do echo $$ > "$entry"; done; exec "$@"';
const namespaces = ['-m', '-n', '-p', '-C', '-i', '-u'];
/** Programs of the system that nodes call: mount, ip, nft, iptables. */
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A node of a cluster: namespaces of this machine with containerd, kubelet and kube-proxy. */
export class KubeNode {
  #init: Child | undefined;
  #pid = 0;
  #programs: readonly Supervised[] = [];

  constructor(private readonly options: NodeOptions) {}

  /** The name of its Node object. */
  get name(): string {
    return this.options.spec.name;
  }

  /** Its IPv4 address on the bridge. */
  get address(): string {
    return this.options.spec.network.nodeAddress(this.options.spec.number);
  }

  /** The folder of its volumes, which outlive a start. */
  get volumeFolder(): string {
    return join(this.options.spec.folder, 'volumes');
  }

  /** Switches the node on. Resolves when containerd accepts images; the kubelet registers the node soon after. */
  async start(): Promise<Running> {
    await this.#kill(); // what is left of an earlier start whose first process ended
    const { spec, nodes, cgroups, onStarted } = this.options;
    const files = writeNodeFiles(spec);
    await endPreviousProcess(this.#pidFile(), { signal: 'SIGKILL' });
    // The kubelet would look for the containers of each pod's cgroup that it finds, 3 s for each.
    await removeLeftCgroups(cgroups.folders);
    createCgroups(cgroups);
    const init = await this.#startInit();
    this.#init = init;
    const identity = identify(init.pid);
    if (identity) onStarted(identity);
    await connectNode(spec.network, spec.number, this.#pid, nodes);
    this.#programs = this.#supervised(files);
    const [containerd, ...others] = this.#programs;
    await containerd?.start();
    await Promise.all(others.map((program) => program.start()));
    return { pid: init.pid, ended: init.ended, stop: () => this.#kill() };
  }

  /** Ends every process of the node at once, as a power cut does. */
  async #kill(): Promise<void> {
    await this.#init?.stop({ signal: 'SIGKILL' });
    this.#init = undefined;
    this.#pid = 0;
    await Promise.all(this.#programs.map((program) => program.stop()));
    this.#programs = [];
  }

  /** Runs a program inside the node, with the machine's files; returns its standard output. */
  async exec(command: string, args: readonly string[], timeoutMs?: number): Promise<string> {
    return runCommand('nsenter', [...this.#enter(), command, ...args], timeoutMs);
  }

  /** Adds the images of OCI archives, which pods then find without a registry. */
  async importImages(archives: readonly string[]): Promise<void> {
    for (const archive of archives) await this.ctr(['images', 'import', '--local', archive]);
  }

  /** Pulls images from their registries by this machine's network: the node's own leads to the cluster alone. */
  async pullImages(references: readonly string[]): Promise<void> {
    for (const reference of references) await this.ctr(['images', 'pull', '--local', reference]);
  }

  /** Runs containerd's own client, outside the node, on the images and containers of Kubernetes. */
  async ctr(args: readonly string[]): Promise<string> {
    const socket = `/proc/${this.#running()}/root${containerdSocket}`;
    const command = this.options.spec.programs.program('ctr');
    return runCommand(command, ['--address', socket, '--namespace', 'k8s.io', ...args], 600_000);
  }

  /**
   * Starts a program that stays in the node, with the machine's files. `nsenter` remains outside as its parent; when that
   * one ends, the kernel sends the program its death signal.
   */
  startProgram = async (spec: ChildSpec): Promise<Child> => {
    const { cgroups } = this.options;
    const signal = (spec.deathSignal ?? 'SIGTERM').slice('SIG'.length);
    const enter = ['nsenter', ...this.#enter(), 'setpriv', '--pdeathsig', signal, '--'];
    return startChild({
      ...spec,
      command: '/bin/sh',
      args: ['-c', inCgroups, 'sh', ...enter, spec.command, ...spec.args],
      env: { PATH: systemPath, ...spec.env, CGROUPS: cgroups.entries.join(' ') },
    });
  };

  readonly #enter = (): string[] => ['-t', String(this.#running()), ...namespaces, '--'];

  /**
   * The node's process 1.
   * @throws Error when the node is off
   */
  readonly #running = (): number => {
    if (this.#pid > 0) return this.#pid;
    throw new Error(`${this.name} is off`);
  };

  readonly #pidFile = (): string => join(this.options.dataDir, 'pids', `${this.name}.pid`);

  async #startInit(): Promise<Child> {
    const { spec, cgroups } = this.options;
    rmSync(join(spec.folder, 'ready'), { force: true });
    const [version2] = cgroups.hierarchies.length === 0 ? cgroups.folders : [];
    const unshare = [
      'unshare',
      ...namespaces.filter((namespace) => version2 === undefined || namespace !== '-C'),
      '--fork',
      '--kill-child=SIGKILL',
      '--',
      initScript,
      this.name,
      spec.folder,
    ];
    const init = await startChild({
      name: this.name,
      command: '/bin/sh',
      args: ['-c', inCgroups, 'sh', ...unshare],
      env: {
        PATH: systemPath,
        CGROUPS: cgroups.startEntries.join(' '),
        CGROUP_V1: cgroups.hierarchies.join(' '),
        CGROUP_V2: version2 ?? '',
      },
      logFile: join(this.options.dataDir, 'logs', `${this.name}.log`),
      pidFile: this.#pidFile(),
      deathSignal: 'SIGKILL',
    });
    await waitUntilReady(init, (signal) =>
      waitUntil(() => existsSync(join(spec.folder, 'ready')), { because: () => 'no namespaces', signal }),
    );
    this.#pid = Number(readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, 'utf8').trim());
    // Its number may be given to any other process from then on.
    void init.ended.then(() => this.#init === init && (this.#pid = 0));
    return init;
  }

  #supervised({ containerd, kubelet, proxy }: NodeFiles): Supervised[] {
    const { spec, kubeconfig } = this.options;
    const program = spec.programs.program;
    const ctr = program('ctr');
    const answers = async (): Promise<boolean> =>
      this.exec(ctr, ['--address', containerdSocket, 'version'], 5_000).then(
        () => true,
        () => false, // it does not listen yet
      );
    const containerdReady = (signal: AbortSignal): Promise<void> =>
      waitUntil(answers, { everyMs: 100, because: () => 'containerd does not answer', signal });
    return [
      this.#program('containerd', program('containerd'), ['-c', containerd], containerdReady),
      this.#program('kubelet', program('kubelet'), [
        `--config=${kubelet}`,
        `--kubeconfig=${kubeconfig}`,
        `--hostname-override=${this.name}`,
        `--root-dir=${spec.folder}/kubelet`,
        `--node-ip=${this.address}`,
      ]),
      this.#program('kube-proxy', program('kube-proxy'), [`--config=${proxy}`]),
    ];
  }

  #program(program: string, command: string, args: readonly string[], ready?: (signal: AbortSignal) => Promise<void>) {
    const name = `${this.name}-${program}`;
    const startOnce = async (signal: AbortSignal): Promise<Running> => {
      const { dataDir, spec } = this.options;
      const env = { PATH: `${spec.programs.folder}:${systemPath}` };
      const logFile = join(dataDir, 'logs', `${name}.log`);
      const child = await this.startProgram({ name, command, args, env, logFile, deathSignal: 'SIGKILL' });
      if (ready) await waitUntilReady(child, ready, signal);
      return { ...child, stop: () => child.stop({ signal: 'SIGKILL' }) };
    };
    return new Supervised(name, startOnce, { onEvent: this.options.onEvent });
  }
}

/** The cgroups of a cluster's node. */
export const nodeCgroups = (clusterIndex: number, node: string): NodeCgroups =>
  cgroupsOf(`runos${clusterIndex}-${node}`);
