import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** Where the repository lies; relative defaults start there, not where the command was typed. */
export const repository = resolve(import.meta.dirname, '../../..');

export const defaultData = resolve(repository, '.runos');

export interface StartOptions {
  /** Of the public API; 0 = a free one. */
  readonly port: number;
  readonly agentPorts: { readonly register: number; readonly stream: number };
  readonly data: string;
  /** How many times every service runs. */
  readonly replicas: number;
  /** Balancers stand at the ports of the outside; always with more than one replica. */
  readonly balanced: boolean;
  /** The demo cluster we run, an existing one, or none. */
  readonly cluster: 'demo' | 'none' | { readonly kubeconfig: string };
}

export const usage = `npm start -- [--port 3025] [--agent-ports 9191,9192] [--data .runos] [--replicas 1] [--balanced] [--kubeconfig FILE | --no-cluster]
  a port of 0 takes any free one; --balanced puts a TCP balancer in front, as several replicas always have`;

/** @throws Error with one sentence for a person. */
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
      kubeconfig: { type: 'string' },
      'no-cluster': { type: 'boolean', default: false },
    },
  });
  if (values.kubeconfig && values['no-cluster']) throw new Error('Use --kubeconfig or --no-cluster, not both.');
  const ports = values['agent-ports'].split(',').map((text) => portOf('--agent-ports', text));
  if (ports.length !== 2) throw new Error(`--agent-ports ${values['agent-ports']}: two ports, as in 9191,9192.`);
  const [register, stream] = ports;
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
    cluster: values.kubeconfig ? { kubeconfig: resolve(values.kubeconfig) } : values['no-cluster'] ? 'none' : 'demo',
  };
}

function replicasOf(text: string): number {
  if (/^[1-9]$/.test(text)) return Number(text);
  throw new Error(`--replicas ${text}: a whole number from 1 to 9.`);
}

function portOf(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`${option} ${text}: a port is a whole number from 0 to 65535.`);
}
