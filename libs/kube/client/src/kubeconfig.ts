import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isMap, mapAt, mapsIn, textOf } from '@runos/kube-objects';
import { parse } from 'yaml';
import { bearer, type ClusterAccess } from './cluster-access.js';
import { type ExecPlugin, execCredentials } from './exec-credentials.js';
import { tokenFile } from './token-file.js';

type Entry = Readonly<Record<string, unknown>>;

/** Reads a kubeconfig file, its current context or the one named. Throws with the file, what is missing and the choice. */
export async function readKubeconfig(path: string, context?: string): Promise<ClusterAccess> {
  const config: unknown = parse(await readFile(path, 'utf8'));
  if (!isMap(config)) throw new Error(`${path} is no kubeconfig file: it holds no map.`);
  const name = context ?? textOf(config['current-context']) ?? '';
  const chosen = named(config, 'contexts', name, path)['context'];
  const cluster = mapAt(named(config, 'clusters', textOf(mapAt(chosen)['cluster']) ?? '', path), 'cluster');
  const user = mapAt(named(config, 'users', textOf(mapAt(chosen)['user']) ?? '', path), 'user');
  const folder = dirname(resolve(path));
  const server = textOf(cluster['server']);
  if (!server) throw new Error(`${path}: the cluster of context "${name}" names no server.`);
  return {
    server: server.replace(/\/+$/, ''),
    ca: await material(cluster, 'certificate-authority', folder),
    serverName: textOf(cluster['tls-server-name']),
    insecure: cluster['insecure-skip-tls-verify'] === true,
    clientCertificate: await material(user, 'client-certificate', folder),
    clientKey: await material(user, 'client-key', folder),
    ...(await identity(user, folder)),
  };
}

async function identity(user: Entry, folder: string): Promise<Partial<ClusterAccess>> {
  const token = textOf(user['token']);
  const file = textOf(user['tokenFile']);
  if (file) return tokenFile(resolve(folder, file));
  if (token) return bearer(token);
  if (isMap(user['exec'])) return execCredentials(user['exec'] as unknown as ExecPlugin, folder);
  return {};
}

/** `<key>-data` is base64, `<key>` a file beside the kubeconfig. */
async function material(entry: Entry, key: string, folder: string): Promise<string | undefined> {
  const data = textOf(entry[`${key}-data`]);
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const file = textOf(entry[key]);
  return file ? readFile(resolve(folder, file), 'utf8') : undefined;
}

function named(config: Entry, list: string, name: string, path: string): Entry {
  const entries = mapsIn(config[list]);
  const found = entries.find((entry) => entry['name'] === name);
  if (found) return found;
  const names = entries.map((entry) => String(entry['name'])).join(', ') || 'none';
  throw new Error(`${path} has no ${list.slice(0, -1)} "${name}"; it has: ${names}.`);
}
