import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DevCluster, type DevClusterChoice, down, status, supervise, up } from './dev/dev-cluster.js';
import { type DevCommand, parseDevOptions, usage } from './dev/dev-options.js';

/** `npm run kube -- up|down|status`: a development cluster in the background, with persistent data. */
const folder = resolve(process.env.RUNOS_KUBE_DEV ?? resolve(import.meta.dirname, '../../../../.runos/kube-dev'));
const commands: Record<DevCommand, (dev: DevCluster, choice: DevClusterChoice) => Promise<void> | void> = {
  up: (dev, choice) => up(dev, fileURLToPath(import.meta.url), choice),
  down,
  status,
  supervise,
  help: () => void process.stdout.write(`${usage}\n`),
};

try {
  const { command, choice } = parseDevOptions(process.argv.slice(2));
  await commands[command](new DevCluster(folder), choice);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
