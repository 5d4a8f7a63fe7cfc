import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { builtCheckout } from './services/built-checkout.js';

/** The folder of the repository; relative defaults start there, not in the working directory. */
export const repository = resolve(import.meta.dirname, '../../..');

export const defaultData = resolve(repository, '.runos');

export interface StartOptions {
  /** The port of the public API; 0 = any free one. */
  readonly port: number;
  readonly agentPorts: { readonly register: number; readonly stream: number };
  readonly data: string;
  /** The number of replicas of every service. */
  readonly replicas: number;
  /** Whether balancers listen on the public ports; always true with more than one replica. */
  readonly balanced: boolean;
  /** Additional environment variables of single replicas, by the name of the process. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The checkout from whose build every process starts, until it is upgraded. */
  readonly from: string;
  /** The built-in demo cluster, an existing one, or none. */
  readonly cluster: 'demo' | 'none' | { readonly kubeconfig: string };
}

export const usage = `npm start -- [--port 3025] [--agent-ports 9191,9192] [--data .runos] [--replicas 1] [--balanced] [--env NAME:VARIABLE=VALUE]... [--from DIR] [--kubeconfig FILE | --no-cluster]
  a port of 0 takes any free one; --balanced puts a TCP balancer in front, as several replicas always have;
  --env sets a variable of one replica of a service only, as in --env jobs-2:RUNOS_LOG_LEVEL=debug;
  --from starts everything from the build of another checkout, an older version as a rule: npm run plane -- upgrade NAME
  then restarts one process after the other from this one`;

/** @throws Error with one sentence for the user */
export function parseOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      port: { type: 'string', default: '3025' },
      'agent-ports': { type: 'string', default: '9191,9192' },
      data: { type: 'string', default: defaultData },
      replicas: { type: 'string', default: '1' },
      balanced: { type: 'boolean', default: false },
      env: { type: 'string', multiple: true, default: [] },
      from: { type: 'string', default: repository },
      kubeconfig: { type: 'string' },
      'no-cluster': { type: 'boolean', default: false },
    },
  });
  if (values.kubeconfig && values['no-cluster']) throw new Error('Use --kubeconfig or --no-cluster, not both.');
  const ports = values['agent-ports'].split(',').map((text) => portOf('--agent-ports', text));
  const [register, stream] = ports;
  if (register === undefined || stream === undefined || ports.length > 2)
    throw new Error(`--agent-ports ${values['agent-ports']}: two ports, as in 9191,9192.`);
  const port = portOf('--port', values.port);
  const replicas = replicasOf(values.replicas);
  const taken = [port, register, stream].filter((one) => one !== 0);
  if (new Set(taken).size < taken.length) throw new Error('--port and --agent-ports must be three different ports.');
  return {
    port,
    agentPorts: { register, stream },
    data: resolve(values.data),
    replicas,
    balanced: values.balanced || replicas > 1,
    environments: environmentsOf(values.env),
    from: values.from === repository ? repository : builtCheckout('--from', values.from),
    cluster: values.kubeconfig ? { kubeconfig: resolve(values.kubeconfig) } : values['no-cluster'] ? 'none' : 'demo',
  };
}

function replicasOf(text: string): number {
  if (/^[1-9]$/.test(text)) return Number(text);
  throw new Error(`--replicas ${text}: a whole number from 1 to 9.`);
}

function environmentsOf(settings: readonly string[]): StartOptions['environments'] {
  const environments: Record<string, Record<string, string>> = {};
  for (const setting of settings) {
    const [, name, variable, value] = /^([a-z0-9-]+):([A-Z][A-Z0-9_]*)=(.*)$/s.exec(setting) ?? [];
    if (!name || !variable || value === undefined) throw new Error(`--env ${setting}: use NAME:VARIABLE=VALUE.`);
    (environments[name] ??= {})[variable] = value;
  }
  return environments;
}

function portOf(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`${option} ${text}: a port is a whole number from 0 to 65535.`);
}
