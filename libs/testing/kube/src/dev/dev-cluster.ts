import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  isRunning,
  ownIdentity,
  type ProcessIdentity,
  startChild,
  stopProcess,
  waitUntil,
  writeFileAtomic,
} from '@runos/testing-process';
import { buildToolbox } from '../build/build.js';
import { buildNodePrograms } from '../build/node-programs.js';
import { type RunningCluster, startCluster } from '../cluster/start-cluster.js';
import { cleanMachine } from '../nodes/machine-records.js';
import { probeRealNodes } from '../nodes/probe-real-nodes.js';
import { startRealCluster } from '../nodes/start-real-cluster.js';

/** The state that the background process writes to `<folder>/state.json`. */
export interface DevClusterState {
  readonly supervisor: ProcessIdentity;
  readonly kubeconfig: string;
  readonly server: string;
  readonly nodes: NodesKind;
  readonly pids: Readonly<Record<string, number>>;
}

/** Whether the nodes of a cluster run containers, or kwok plays them. */
export type NodesKind = 'real' | 'simulated';

/** For everybody who uses real nodes. */
export const networkPolicyNote = 'NetworkPolicies are stored and not enforced: every pod reaches every other one.';

/** What `up` starts. */
export interface DevClusterChoice {
  readonly nodes: number;
  readonly real: boolean;
}

/** The development cluster of one checkout: its folder, and the state of its supervisor. */
export class DevCluster {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** The data of its cluster. One of the other kind has its own: the objects in it name its nodes and addresses. */
  readonly dataDir = (nodes: NodesKind): string => join(this.folder, nodes);

  readonly logFile = (): string => join(this.folder, 'supervisor.log');
  readonly #stateFile = (): string => join(this.folder, 'state.json');

  /** undefined while it does not run, even when an ended supervisor left a file. */
  state(): DevClusterState | undefined {
    if (!existsSync(this.#stateFile())) return undefined;
    const state = JSON.parse(readFileSync(this.#stateFile(), 'utf8')) as DevClusterState;
    return isRunning(state.supervisor) ? state : undefined;
  }

  /** Records that this process supervises the cluster. */
  writeState(state: Omit<DevClusterState, 'supervisor'>): void {
    writeFileAtomic(this.#stateFile(), JSON.stringify({ supervisor: ownIdentity(), ...state }, null, 2));
  }

  /** Records that no supervisor runs. The data of the cluster stays. */
  removeState(): void {
    rmSync(this.#stateFile(), { force: true });
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Builds what is missing, starts the cluster in the background and resolves when it is ready.
 * @throws Error with the reason when real nodes are impossible on this machine
 */
export async function up(dev: DevCluster, main: string, choice: DevClusterChoice): Promise<void> {
  if (dev.state()) return status(dev);
  if (choice.real) {
    const probe = probeRealNodes(dev.folder);
    if (!probe.possible) throw new Error(`Real nodes are not possible here: ${probe.reason}.`);
  }
  await buildToolbox({ onProgress: print });
  if (choice.real) await buildNodePrograms({ onProgress: print });
  const supervisor = await startChild({
    name: 'The supervisor of the development cluster',
    command: process.execPath,
    args: [main, 'supervise', '--nodes', String(choice.nodes), ...(choice.real ? ['--real'] : [])],
    logFile: dev.logFile(),
    survivesParent: true,
  });
  let outcome = '';
  void supervisor.ended.then((how) => (outcome = how));
  const isReady = (): boolean => {
    if (outcome) throw new Error(`${outcome}:\n${supervisor.lastLogLines()}`);
    return dev.state() !== undefined;
  };
  await waitUntil(isReady, {
    deadlineMs: 240_000,
    everyMs: 50,
    because: () => `not ready after four minutes, see ${dev.logFile()}`,
  });
  status(dev);
}

/** Stops the development cluster and keeps its data. */
export async function down(dev: DevCluster): Promise<void> {
  const state = dev.state();
  if (state) await stopProcess(state.supervisor, { graceMs: 20_000 });
  if (process.getuid?.() === 0) await cleanMachine(print); // what a killed supervisor left
  print(state ? 'The development cluster is stopped; its data stays.' : 'The development cluster does not run.');
}

/** Prints whether the development cluster runs, and how to reach it. */
export function status(dev: DevCluster): void {
  const state = dev.state();
  print(state ? describeCluster(state) : 'The development cluster does not run; start it with: npm run kube -- up');
}

const describeCluster = ({ server, kubeconfig, nodes, pids }: DevClusterState): string =>
  [
    `Kubernetes runs at ${server}, its nodes are ${nodes}`,
    ...(nodes === 'real' ? [`  ${networkPolicyNote}`] : []),
    ...Object.entries(pids).map(([name, pid]) => `  ${name.padEnd(24)} ${pid || 'down, restarting'}`),
    `  export KUBECONFIG=${kubeconfig}`,
  ].join('\n');

/** The background process: runs the cluster until a signal stops it. */
export async function supervise(dev: DevCluster, { nodes, real }: DevClusterChoice): Promise<void> {
  const log = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const kind = real ? 'real' : 'simulated';
  const running: { cluster?: RunningCluster } = {};
  const writeState = (): void => {
    const { cluster } = running;
    if (!cluster) return; // an event of its start
    const pids = Object.fromEntries([...cluster.components].map(([name, { pid }]) => [name, pid ?? 0]));
    const { kubeconfig, server } = cluster;
    dev.writeState({ kubeconfig, server, nodes: kind, pids });
  };
  const onEvent = (line: string): void => {
    log(line);
    writeState();
  };
  const common = { dataDir: dev.dataDir(kind), persistent: true, onEvent };
  const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`);
  const cluster = await (real ? startRealCluster({ ...common, nodes }) : startCluster({ ...common, nodes: names }));
  running.cluster = cluster;
  writeState();
  log(`ready at ${cluster.server}`);
  await stopped;
  await cluster.stop();
  dev.removeState();
  log('stopped');
}
