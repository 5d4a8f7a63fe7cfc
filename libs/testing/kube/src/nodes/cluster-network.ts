import { existsSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { runCommand } from './run-command.js';

/**
 * The address ranges of one cluster of real nodes. Every cluster of a machine has an index I of its own, so that ranges
 * never overlap. Nodes have 10.200.I.0/24, pods 10.(208+I).0.0/16 with a /24 per node, services 10.(224+I).0.0/16.
 */
export class ClusterNetwork {
  constructor(readonly index: number) {}

  /** The name of the machine's bridge, to which all nodes are connected. */
  get bridge(): string {
    return `runos${this.index}`;
  }

  /** This machine, as nodes and pods reach it. */
  get hostAddress(): string {
    return `10.200.${this.index}.1`;
  }

  /** The beginning of the address of each pod. */
  get podPrefix(): string {
    return `10.${208 + this.index}.`;
  }

  /** The addresses of all pods, as a CIDR range. */
  get podRange(): string {
    return `${this.podPrefix}0.0/16`;
  }

  /** The addresses of all services, as a CIDR range. */
  get serviceRange(): string {
    return `10.${224 + this.index}.0.0/16`;
  }

  /** The service `kubernetes`: the first address of the range. */
  get apiService(): string {
    return `10.${224 + this.index}.0.1`;
  }

  /** The address of the cluster DNS. */
  get dnsService(): string {
    return `10.${224 + this.index}.0.10`;
  }

  /** Nodes are counted from 1. */
  nodeAddress(node: number): string {
    return `10.200.${this.index}.${node + 1}`;
  }

  /** The addresses of the pods of one node, as a CIDR range. */
  nodePodRange(node: number): string {
    return `${this.podPrefix}${node}.0/24`;
  }

  /** The machine's end of a node's cable; the other end is the node's eth0. */
  cable(node: number): string {
    return `${this.bridge}n${node}`;
  }

  /** The ranges that this machine reaches through a node. */
  routes(node: number): string[] {
    return node === 1 ? [this.nodePodRange(node), this.serviceRange] : [this.nodePodRange(node)];
  }
}

/** The number of clusters that a machine can run at once. */
export const maxClusters = 16;

/** Creates the bridge, with the machine's address on it. */
export async function createBridge(network: ClusterNetwork): Promise<void> {
  await runCommand('ip', ['link', 'add', network.bridge, 'type', 'bridge']);
  await runCommand('ip', ['address', 'add', `${network.hostAddress}/24`, 'dev', network.bridge]);
  await runCommand('ip', ['link', 'set', network.bridge, 'up']);
}

/** Connects the network namespace of a node's process 1 with the bridge, and both sides with the pods behind them. */
export async function connectNode(network: ClusterNetwork, node: number, pid: number, nodes: number): Promise<void> {
  const cable = network.cable(node);
  const inside = (...args: string[]): Promise<string> =>
    runCommand('nsenter', ['-t', String(pid), '-n', 'ip', ...args]);
  if ((await linkNames()).includes(cable)) await removeLink(cable); // the kernel may still hold that of an earlier start
  await runCommand('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)]);
  await runCommand('ip', ['link', 'set', cable, 'master', network.bridge, 'up']);
  await inside('address', 'add', `${network.nodeAddress(node)}/24`, 'dev', 'eth0');
  await inside('link', 'set', 'eth0', 'up');
  await inside('route', 'add', 'default', 'via', network.hostAddress);
  for (let other = 1; other <= nodes; other += 1)
    if (other !== node) await inside('route', 'add', network.nodePodRange(other), 'via', network.nodeAddress(other));
  for (const range of network.routes(node)) await addRoute(range, network.nodeAddress(node), network.bridge);
}

/** @throws Error when the machine has got another route to the range since this network was chosen */
async function addRoute(range: string, via: string, bridge: string): Promise<void> {
  const routes = JSON.parse(await runCommand('ip', ['-json', '-4', 'route', 'show', 'exact', range])) as Route[];
  const other = routes.find(({ dev }) => dev !== bridge);
  if (other) throw new Error(`This machine has another route to ${range}, by ${other.dev ?? 'no link'}.`);
  await runCommand('ip', ['route', 'replace', range, 'via', via]); // that of an earlier start of the node
}

/** Removes the bridge, its cables and its routes, as far as they exist. */
export async function removeNetwork(network: ClusterNetwork, nodes: number): Promise<void> {
  const names = new Set(await linkNames());
  for (let node = 1; node <= nodes; node += 1)
    if (names.has(network.cable(node))) await removeLink(network.cable(node));
  if (names.has(network.bridge)) await removeLink(network.bridge); // its routes go with it
}

/** A cable also goes with the network namespace of its node, at any moment. */
async function removeLink(name: string): Promise<void> {
  await runCommand('ip', ['link', 'delete', name]).catch((error: Error) => {
    if (!error.message.includes('Cannot find device')) throw error;
  });
}

interface Link {
  readonly ifname: string;
}

const linkNames = async (): Promise<string[]> =>
  (JSON.parse(await runCommand('ip', ['-json', 'link'])) as Link[]).map(({ ifname }) => ifname);

interface Route {
  readonly dst: string;
  readonly dev?: string;
}

/** Name servers and proxies of the machine, which it may reach by its default route: IPv4 addresses. */
export function addressesInUse(resolvConf: string, env: NodeJS.ProcessEnv): string[] {
  const servers = [...resolvConf.matchAll(/^nameserver[ \t]{1,20}([\d.]{7,15})/gm)].map(([, address = '']) => address);
  const proxies = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [env[name], env[name.toUpperCase()]]);
  const hosts = proxies.flatMap((url) => (url && URL.canParse(url) ? [new URL(url).hostname] : []));
  return [...servers, ...hosts].filter((address) => isIPv4(address));
}

const resolvConf = '/etc/resolv.conf';

/** Whether a route or a link of this machine already uses something of this network, or it reaches a server there. */
export async function isInUse(network: ClusterNetwork): Promise<boolean> {
  if ((await linkNames()).includes(network.bridge)) return true;
  const routes = JSON.parse(await runCommand('ip', ['-json', '-4', 'route', 'show', 'table', 'all'])) as Route[];
  const ranges = [`${network.hostAddress}/24`, network.podRange, network.serviceRange];
  const servers = addressesInUse(existsSync(resolvConf) ? readFileSync(resolvConf, 'utf8') : '', process.env);
  const used = [...routes.map(({ dst }) => dst).filter((dst) => /^\d/.test(dst)), ...servers];
  return used.some((one) => ranges.some((range) => overlaps(one, range)));
}

/** Whether two IPv4 ranges have an address in common; a range without a length is one address. */
function overlaps(a: string, b: string): boolean {
  const [[first, firstLength], [second, secondLength]] = [parse(a), parse(b)];
  const size = 2 ** (32 - Math.min(firstLength, secondLength));
  return Math.floor(first / size) === Math.floor(second / size);
}

function parse(range: string): readonly [address: number, length: number] {
  const [address = '', length = '32'] = range.split('/');
  return [address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0), Number(length)];
}
