import { stopProcess, startChild, waitUntil } from '@runos/testing-process';
import { buildToolbox } from '../build/build.js';
import { type DevCluster, type DevClusterState } from './dev-cluster.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Builds what is missing, starts the cluster in the background and resolves when it is ready. */
export async function up(dev: DevCluster, main: string): Promise<void> {
  if (dev.state()) return status(dev);
  await buildToolbox({ onProgress: say });
  const keeper = await startChild({
    name: 'The keeper of the development cluster',
    command: process.execPath,
    args: [main, 'keep'],
    logFile: dev.logFile(),
    survivesParent: true,
  });
  let ended = '';
  void keeper.ended.then((how) => (ended = how));
  const ready = (): boolean => {
    if (ended) throw new Error(`${ended}:\n${keeper.lastLogLines()}`);
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
  if (state) await stopProcess(state.keeper, { graceMs: 20_000 });
  say(state ? 'The development cluster is stopped; its data stays.' : 'The development cluster does not run.');
}

export function status(dev: DevCluster): void {
  const state = dev.state();
  say(state ? description(state) : 'The development cluster does not run; start it with: npm run kube -- up');
}

const description = ({ server, kubeconfig, pids }: DevClusterState): string =>
  [
    `Kubernetes runs at ${server}`,
    ...Object.entries(pids).map(([name, pid]) => `  ${name.padEnd(24)} ${pid || 'down, being started again'}`),
    `  export KUBECONFIG=${kubeconfig}`,
  ].join('\n');
