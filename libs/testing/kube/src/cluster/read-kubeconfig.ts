import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Target } from './kube-request.js';

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string };
  }[];
  readonly users: readonly { readonly name: string; readonly user: { readonly token?: string } }[];
}

/** Server, CA and token of a kubeconfig's current context, as in those that `startCluster` writes. */
export function readKubeconfig(path: string): Target {
  const config = parse(readFileSync(path, 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const token = config.users.find(({ name }) => name === context?.user)?.user.token;
  const ca = cluster?.['certificate-authority-data'];
  if (!cluster || !ca || !token) {
    throw new Error(`${path}: its current context needs a server, certificate-authority-data and a user with a token.`);
  }
  return { server: cluster.server, ca: Buffer.from(ca, 'base64').toString(), token };
}
