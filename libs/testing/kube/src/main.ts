import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DevCluster, down, status, supervise, up } from './dev/dev-cluster.js';

/** `npm run kube -- up|down|status`: a development cluster in the background, with persistent data. */
const folder = resolve(process.env.RUNOS_KUBE_DEV ?? resolve(import.meta.dirname, '../../../../.runos/kube-dev'));
const commands: Record<string, (dev: DevCluster) => Promise<void> | void> = {
  up: (dev) => up(dev, fileURLToPath(import.meta.url)),
  down,
  status,
  supervise,
};

const command = commands[process.argv[2] ?? 'status'];
if (!command) {
  process.stderr.write(`"${process.argv[2]}" is not a command; use: npm run kube -- up|down|status\n`);
  process.exit(2);
}
try {
  await command(new DevCluster(folder));
  process.exit(0);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
