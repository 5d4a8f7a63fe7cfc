import { stopProcess, startChild, waitUntil } from '@runos/testing-process';
import { buildToolbox } from '../build/build.js';
import { startCluster } from '../cluster/start-cluster.js';
import { type DevCluster, type DevClusterState } from './dev-cluster.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Builds what is missing, starts the cluster in the background and resolves when it is ready. */
export async function up(dev: DevCluster, main: string): Promise<void> {
  if (dev.state()) return status(dev);
  await buildToolbox({ onProgress: print });
  const supervisor = await startChild({
    name: 'The supervisor of the development cluster',
    command: process.execPath,
    args: [main, 'supervise'],
    logFile: dev.logFile(),
    survivesParent: true,
  });
  let outcome = '';
  void supervisor.ended.then((how) => (outcome = how));
  const ready = (): boolean => {
    if (outcome) throw new Error(`${outcome}:\n${supervisor.lastLogLines()}`);
    return dev.state() !== undefined;
  };
  await waitUntil(ready, {
    deadlineMs: 120_000,
    everyMs: 50,
    because: () => `not ready after two minutes, see ${dev.logFile()}`,
  });
  status(dev);
}

export async function down(dev: DevCluster): Promise<void> {
  const state = dev.state();
  if (state) await stopProcess(state.supervisor, { graceMs: 20_000 });
  print(state ? 'The development cluster is stopped; its data stays.' : 'The development cluster does not run.');
}

export function status(dev: DevCluster): void {
  const state = dev.state();
  print(state ? describeCluster(state) : 'The development cluster does not run; start it with: npm run kube -- up');
}

const describeCluster = ({ server, kubeconfig, pids }: DevClusterState): string =>
  [
    `Kubernetes runs at ${server}`,
    ...Object.entries(pids).map(([name, pid]) => `  ${name.padEnd(24)} ${pid || 'down, restarting'}`),
    `  export KUBECONFIG=${kubeconfig}`,
  ].join('\n');

/** The background process: runs the cluster until a signal stops it. */
export async function supervise(dev: DevCluster): Promise<void> {
  const log = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const writeState = (): void => {
    const pids = Object.fromEntries([...cluster.components].map(([name, { pid }]) => [name, pid ?? 0]));
    dev.writeState({ kubeconfig: cluster.kubeconfig, server: cluster.server, pids });
  };
  const onEvent = (line: string): void => {
    log(line);
    writeState();
  };
  const cluster = await startCluster({ dataDir: dev.folder, persistent: true, onEvent });
  writeState();
  log(`ready at ${cluster.server}`);
  await stopped;
  await cluster.stop();
  dev.removeState();
  log('stopped');
}
