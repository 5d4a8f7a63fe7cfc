import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { DevCluster, type DevClusterChoice, down, status, supervise, up } from './dev/dev-cluster.js';

/** `npm run kube -- up|down|status`: a development cluster in the background, with persistent data. */
const folder = resolve(process.env.RUNOS_KUBE_DEV ?? resolve(import.meta.dirname, '../../../../.runos/kube-dev'));
const commands: Record<string, (dev: DevCluster, choice: DevClusterChoice) => Promise<void> | void> = {
  up: (dev, choice) => up(dev, fileURLToPath(import.meta.url), choice),
  down,
  status,
  supervise,
};

const usage = 'npm run kube -- up [--nodes 2] [--real] | down | status';

/** @throws Error with one sentence for the user */
function parse(args: readonly string[]) {
  const options = { nodes: { type: 'string', default: '2' }, real: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [name = 'status'] = positionals;
  const command = commands[name];
  if (!command || positionals.length > 1) throw new Error(`"${positionals.join(' ')}" is not a command; use: ${usage}`);
  const nodes = Number(values.nodes);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 9) throw new Error(`--nodes ${values.nodes}: 1 to 9.`);
  return { command, choice: { nodes, real: values.real } };
}

try {
  const { command, choice } = parse(process.argv.slice(2));
  await command(new DevCluster(folder), choice);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
