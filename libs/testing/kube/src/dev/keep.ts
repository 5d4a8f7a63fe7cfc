import { startCluster } from '../cluster/start-cluster.js';
import { type DevCluster } from './dev-cluster.js';

/** The background process: runs the cluster until it is told to stop. */
export async function keep(dev: DevCluster): Promise<void> {
  const tell = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const announce = (): void => {
    const pids = Object.fromEntries([...cluster.components].map(([name, { pid }]) => [name, pid ?? 0]));
    dev.announce({ kubeconfig: cluster.kubeconfig, server: cluster.server, pids });
  };
  const onEvent = (line: string): void => {
    tell(line);
    announce();
  };
  const cluster = await startCluster({ dataDir: dev.folder, persistent: true, onEvent });
  announce();
  tell(`ready at ${cluster.server}`);
  await asked;
  await cluster.stop();
  dev.withdraw();
  tell('stopped');
}
