import { parseArgs } from 'node:util';
import { type DevClusterChoice } from './dev-cluster.js';

/** `supervise` is the background process, which `up` starts. */
export type DevCommand = 'up' | 'down' | 'status' | 'supervise' | 'help';

export const usage = `npm run kube -- up|down|status [options]
  up          Starts a Kubernetes of its own in the background, without RunOS, and builds what is missing.
  down        Stops it; its data stays.
  status      Prints its processes and its kubeconfig; the default.
  --nodes N   up: its number of nodes, 1 to 9. Default: 2.
  --real      up: its nodes run containers, which needs Linux, root and some packages. Without it they are simulated.
  --help, -h  Prints this text.`;

const commands: readonly string[] = ['up', 'down', 'status', 'supervise'] satisfies DevCommand[];

const options = {
  nodes: { type: 'string', default: '2' },
  real: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws Error with one sentence for the user */
export function parseDevOptions(args: readonly string[]): { command: DevCommand; choice: DevClusterChoice } {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const choice = { nodes: Number(values.nodes), real: values.real };
  if (values.help) return { command: 'help', choice };
  const [command = 'status'] = positionals;
  if (!commands.includes(command) || positionals.length > 1)
    throw new Error(`"${positionals.join(' ')}" is not a command.\n${usage}`);
  if (!/^[1-9]$/.test(values.nodes)) throw new Error(`--nodes ${values.nodes}: 1 to 9.`);
  return { command: command as DevCommand, choice };
}
