import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { NodesKind } from '@runos/testing-kube';
import { builtCheckout } from './services/built-checkout.js';
import { replicaName, services } from './services/services.js';

/** The folder of the repository; relative defaults start there, not in the working directory. */
export const repository = resolve(import.meta.dirname, '../../..');

export const defaultData = resolve(repository, '.runos');

/** The numbers of the demo cluster's nodes: each has one node agent and one Node object. */
export const demoNodeNumbers: readonly number[] = [1, 2];

export const clusterAgentName = 'cluster-agent';
export const nodeAgentName = (number: number): string => `node-agent-${number}`;

export interface StartOptions {
  /** The port of the public API; 0 = any free one. */
  readonly port: number;
  readonly agentPorts: { readonly register: number; readonly stream: number };
  readonly data: string;
  /** The number of replicas of every service. */
  readonly replicas: number;
  /** Whether balancers listen on the public ports; always true with more than one replica. */
  readonly balanced: boolean;
  /** Additional environment variables of single replicas and agents, by the name of the process. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The checkout from whose build every process starts, until it is upgraded. */
  readonly from: string;
  /** The built-in demo cluster, an existing one, or none. */
  readonly cluster: 'demo' | 'none' | { readonly kubeconfig: string };
  /** The nodes of the demo cluster; `auto`: as on the last start on this data, at first real ones where possible. */
  readonly nodes: NodesKind | 'auto';
}

interface Option {
  readonly type: 'string' | 'boolean';
  readonly default?: string | boolean | string[];
  readonly multiple?: boolean;
  readonly short?: string;
  /** The form of its value. */
  readonly value?: string;
  /** For the usage, without the default. */
  readonly description: string;
}

const nodeChoices = ['auto', 'real', 'simulated'] as const;

const options = {
  port: { type: 'string', default: '3025', value: 'PORT', description: 'Port of the API; 0 takes any free one.' },
  'agent-ports': {
    type: 'string',
    default: '9191,9192',
    value: 'REGISTER,STREAM',
    description: 'Ports for agents; 0 takes any free one.',
  },
  data: { type: 'string', default: defaultData, value: 'DIR', description: 'Folder of data and logs.' },
  replicas: { type: 'string', default: '1', value: 'N', description: 'Replicas of every service, 1 to 9.' },
  balanced: {
    type: 'boolean',
    default: false,
    description: 'Puts a TCP balancer in front, as several replicas always have.',
  },
  env: {
    type: 'string',
    multiple: true,
    default: [],
    value: 'NAME:VARIABLE=VALUE',
    description:
      'Sets a variable of one replica of a service, as in jobs-2:RUNOS_LOG_LEVEL=debug, or of an agent. May be repeated.',
  },
  from: {
    type: 'string',
    default: repository,
    value: 'DIR',
    description: 'Starts from the build of another checkout, an older version as a rule; see npm run plane -- upgrade.',
  },
  nodes: {
    type: 'string',
    default: 'auto',
    value: 'KIND',
    description:
      "The demo cluster's nodes: real ones run containers, and need Linux, root and some packages; or simulated.",
  },
  kubeconfig: { type: 'string', value: 'FILE', description: 'Uses this cluster instead of the demo.' },
  'no-cluster': { type: 'boolean', default: false, description: 'Starts no cluster.' },
  help: { type: 'boolean', short: 'h', default: false, description: 'Prints this text.' },
} as const satisfies Readonly<Record<string, Option>>;

/** A default inside the repository is shown relative to it; the repository itself is none. */
function describeOption([name, { value, short, description, ...option }]: [string, Option]): [string, string] {
  const byDefault = typeof option.default === 'string' ? option.default.replace(repository, '').replace(/^\//, '') : '';
  return [
    `--${name}${value === undefined ? '' : ` ${value}`}${short === undefined ? '' : `, -${short}`}`,
    `${description}${byDefault === '' ? '' : ` Default: ${byDefault}.`}`,
  ];
}

const described = Object.entries<Option>(options).map(describeOption);
const width = Math.max(...described.map(([form]) => form.length));

/** Every option with its value, its meaning and its default. */
export const usage = [
  'npm start -- [options]',
  ...described.map(([form, text]) => `  ${form.padEnd(width)}  ${text}`),
].join('\n');

/** True if the usage shall be printed, whatever the other options are. */
export const isHelpRequest = (args: readonly string[]): boolean =>
  parseArgs({ args: [...args], strict: false, options }).values.help === true;

/** @throws Error with one sentence for the user */
export function parseOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({ args: [...args], strict: true, options });
  if (values.kubeconfig && values['no-cluster']) throw new Error('Use --kubeconfig or --no-cluster, not both.');
  const ports = values['agent-ports'].split(',').map((text) => portOf('--agent-ports', text));
  const [register, stream] = ports;
  if (register === undefined || stream === undefined || ports.length > 2)
    throw new Error(`--agent-ports ${values['agent-ports']}: two ports, as in 9191,9192.`);
  const nodes = nodeChoices.find((choice) => choice === values.nodes);
  if (!nodes) throw new Error(`--nodes ${values.nodes}: one of ${nodeChoices.join(', ')}.`);
  const port = portOf('--port', values.port);
  const replicas = replicasOf(values.replicas);
  const taken = [port, register, stream].filter((one) => one !== 0);
  if (new Set(taken).size < taken.length) throw new Error('--port and --agent-ports must be three different ports.');
  const cluster = values.kubeconfig
    ? { kubeconfig: resolve(values.kubeconfig) }
    : values['no-cluster']
      ? 'none'
      : 'demo';
  return {
    port,
    agentPorts: { register, stream },
    data: resolve(values.data),
    replicas,
    balanced: values.balanced || replicas > 1,
    environments: environmentsOf(values.env, processNames(replicas, cluster)),
    from: values.from === repository ? repository : builtCheckout('--from', values.from),
    cluster,
    nodes,
  };
}

function replicasOf(text: string): number {
  if (/^[1-9]$/.test(text)) return Number(text);
  throw new Error(`--replicas ${text}: a whole number from 1 to 9.`);
}

/** The names of the processes whose variables can be set. */
function processNames(replicas: number, cluster: StartOptions['cluster']): string[] {
  const replicaNames = services.flatMap((plan) =>
    Array.from({ length: replicas }, (_, number) => replicaName(plan, number)),
  );
  const nodeAgents = cluster === 'demo' ? demoNodeNumbers.map(nodeAgentName) : [];
  return [...replicaNames, ...(cluster === 'none' ? [] : [clusterAgentName]), ...nodeAgents];
}

function environmentsOf(settings: readonly string[], names: readonly string[]): StartOptions['environments'] {
  const environments: Record<string, Record<string, string>> = {};
  for (const setting of settings) {
    const [, name, variable, value] = /^([a-z0-9-]+):([A-Z][A-Z0-9_]*)=(.*)$/s.exec(setting) ?? [];
    if (!name || !variable || value === undefined) throw new Error(`--env ${setting}: use NAME:VARIABLE=VALUE.`);
    if (!names.includes(name)) throw new Error(`--env ${setting}: no "${name}" is started, only ${names.join(', ')}.`);
    (environments[name] ??= {})[variable] = value;
  }
  return environments;
}

function portOf(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`${option} ${text}: a port is a whole number from 0 to 65535.`);
}
